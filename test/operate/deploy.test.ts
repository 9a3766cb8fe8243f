import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readServeSettings } from '../../src/serve/settings.js';

const folder = fileURLToPath(new URL('../../deploy/', import.meta.url));
const deploy = (step: string, environment: NodeJS.ProcessEnv = {}) =>
  spawnSync(`${folder}deploy.sh`, [step], {
    encoding: 'utf8',
    env: { ...process.env, SETTINGS: 'settings.env.example', DRY_RUN: '1', ...environment },
  });

test('the manifests are Cloud Run Jobs with every placeholder filled in', () => {
  const rendered = deploy('render');
  expect(rendered).toMatchObject({ status: 0, stderr: '' });
  expect(rendered.stdout).not.toContain('${');
  const jobs = parseAllDocuments(rendered.stdout).flatMap((document) => {
    expect(document.errors).toEqual([]);
    const job: unknown = document.toJS();
    return job === null ? [] : [job];
  });
  const common = {
    apiVersion: 'run.googleapis.com/v1',
    kind: 'Job',
    spec: {
      template: {
        metadata: {
          annotations: { 'run.googleapis.com/cloudsql-instances': 'my-project:us-east1:my-instance' },
        },
        spec: { taskCount: 1, parallelism: 1 },
      },
    },
  };
  expect(jobs).toMatchObject(
    ['migrate', 'backfill', 'etl'].map((verb) => ({ ...common, metadata: { name: `arc-gam-${verb}` } })),
  );
  expect(jobs[2]).toMatchObject({
    spec: {
      template: {
        spec: {
          template: {
            spec: {
              serviceAccountName: 'arc-gam-job@my-project.iam.gserviceaccount.com',
              maxRetries: 2,
              timeoutSeconds: 3600,
              containers: [
                {
                  image: 'us-east1-docker.pkg.dev/my-project/arc-gam/arc-gam:1.0.0',
                  args: ['etl', '--wait', '1800'],
                  resources: { limits: { cpu: '2', memory: '2Gi' } },
                  env: expect.arrayContaining([
                    { name: 'DB_USER', value: 'arc_gam_job' },
                    {
                      name: 'DB_PASS',
                      valueFrom: { secretKeyRef: { name: 'arc-gam-job-password', key: 'latest' } },
                    },
                    { name: 'ARC_GAM_TZ', value: 'America/New_York' },
                  ]),
                },
              ],
            },
          },
        },
      },
    },
  });
});

/** Name and environment of all that is rendered with these settings. */
const environmentsWith = (changed: Record<string, string>) => {
  const { stdout, stderr, status } = deployWith('render', changed);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return parseAllDocuments(stdout).flatMap((document) => {
    expect(document.errors).toEqual([]);
    const { metadata, spec } = document.toJS() ?? {};
    if (spec === undefined) return [];
    const { containers } = (spec.template.spec.template ?? spec.template).spec;
    return [{ name: metadata.name as string, env: containers[0].env as Variable[] }];
  });
};

test('the mapping of the settings reaches migrate as it is', () => {
  const mapping = {
    ARC_GAM_TAPS_TABLE: '"Social App"."Tap$1"',
    ARC_GAM_USERS_ID: "case when id ~ '^[0-9a-f\\-]{36}$' then id::uuid end",
  };
  const [migrate, ...others] = environmentsWith(
    Object.fromEntries(
      Object.entries(mapping).map(([name, value]) => [name, `'${value.replaceAll("'", `'"'"'`)}'`]),
    ),
  );
  for (const [name, value] of Object.entries(mapping)) {
    expect(migrate?.env).toContainEqual({ name, value });
    for (const { env } of others) expect(env.map((variable) => variable.name)).not.toContain(name);
  }
});

test('with IAM everybody logs in as their own service account, without a password', () => {
  const all = { IAM: 'yes', FOLLOW: 'yes', SERVE: 'yes', SERVICE_TOKEN: 'yes' };
  const seen = environmentsWith(all).map(({ name, env }) => ({
    name,
    user: env.find((variable) => variable.name === 'DB_USER')?.value,
    iam: env.find((variable) => variable.name === 'DB_IAM')?.value,
    secrets: env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef.name ?? []),
  }));
  const as = (role: string, secrets: string[] = []) => ({
    user: `arc-gam-${role}@my-project.iam`,
    iam: 'true',
    secrets,
  });
  expect(seen).toEqual([
    { name: 'arc-gam-migrate', ...as('owner') },
    { name: 'arc-gam-backfill', ...as('job') },
    { name: 'arc-gam-etl', ...as('job') },
    { name: 'arc-gam-follow', ...as('job') },
    { name: 'arc-gam-serve', ...as('reader', ['arc-gam-service-token']) },
  ]);
});

test('a step that is run again makes nothing twice', () => {
  const own = mkdtempSync(join(tmpdir(), 'arc-gam-deploy-'));
  /** What is asked of a gcloud for which everything that is looked for is there, or nothing. */
  const asked = (step: string, isThere: boolean) => {
    const words = `#!/bin/sh
echo "$*" >> "${own}/asked"
case "$*" in
  *policies\\ list*) echo ${isThere ? 'projects/p/alertPolicies/1' : ''} ;;
  *--format*) ;;
  *describe*) exit ${isThere ? 0 : 1} ;;
esac
`;
    writeFileSync(join(own, 'gcloud'), words, { mode: 0o755 });
    writeFileSync(join(own, 'asked'), '');
    const settings = join(own, 'settings.env');
    writeFileSync(
      settings,
      settingsWith({
        IAM: 'yes',
        FOLLOW: 'yes',
        SERVE: 'yes',
        SERVICE_TOKEN: 'yes',
        SERVE_DOMAIN: 'a.example',
      }),
    );
    const environment = { SETTINGS: settings, DRY_RUN: '', PATH: `${own}:${process.env.PATH}` };
    expect(deploy(step, environment)).toMatchObject({ status: 0 });
    return readFileSync(join(own, 'asked'), 'utf8')
      .split('\n')
      .filter((line) => / create /.test(line));
  };
  try {
    for (const step of ['setup', 'schedule', 'alerts', 'follow', 'reader', 'domain']) {
      expect(asked(step, false).length, step).toBeGreaterThan(0);
      expect(asked(step, true), step).toEqual([]);
    }
  } finally {
    rmSync(own, { recursive: true });
  }
});

test('an upgrade migrates before the jobs get the new image', () => {
  const { stdout } = deploy('upgrade', { ENGINE: 'docker' });
  const verbs = stdout
    .split('\n')
    .flatMap((line) => /(docker push|jobs replace|jobs execute arc-gam-migrate)/.exec(line)?.[1] ?? []);
  expect(verbs).toEqual([
    'docker push',
    'jobs replace',
    'jobs execute arc-gam-migrate',
    'jobs replace',
    'jobs replace',
    'jobs replace',
  ]);
});

test('the follower is a worker pool of one, upgraded after the migration, with alerts of its own', () => {
  const own = mkdtempSync(join(tmpdir(), 'arc-gam-deploy-'));
  writeFileSync(
    join(own, 'settings.env'),
    readFileSync(`${folder}settings.env.example`, 'utf8').replace('FOLLOW=no', 'FOLLOW=yes'),
  );
  const followed = { SETTINGS: relative(folder, join(own, 'settings.env')), ENGINE: 'docker' };
  const rendered = deploy('render', followed);
  const upgrade = deploy('upgrade', followed).stdout;
  rmSync(own, { recursive: true });
  const pool = parseAllDocuments(rendered.stdout).find((document) => document.toJS()?.kind === 'WorkerPool');
  expect(pool?.errors).toEqual([]);
  const common = { cpu: '1', memory: '512Mi' };
  expect(pool?.toJS()).toMatchObject({
    apiVersion: 'run.googleapis.com/v1',
    kind: 'WorkerPool',
    metadata: {
      name: 'arc-gam-follow',
      labels: { 'cloud.googleapis.com/location': 'us-east1' },
      annotations: {
        'run.googleapis.com/scalingMode': 'manual',
        'run.googleapis.com/manualInstanceCount': '1',
      },
    },
    spec: {
      template: {
        metadata: {
          annotations: { 'run.googleapis.com/cloudsql-instances': 'my-project:us-east1:my-instance' },
        },
        spec: {
          serviceAccountName: 'arc-gam-job@my-project.iam.gserviceaccount.com',
          containers: [{ args: ['follow', '--log-format', 'json'], resources: { limits: common } }],
        },
      },
    },
  });
  expect(JSON.stringify(pool?.toJS())).not.toContain('${');
  expect(upgrade.indexOf('worker-pools replace')).toBeGreaterThan(
    upgrade.indexOf('jobs execute arc-gam-migrate'),
  );
  const { stdout, status } = deploy('follow');
  expect(status).toBe(0);
  const runbook = readFileSync(`${folder}../docs/operations.md`, 'utf8');
  for (const name of ['late', 'silent']) {
    expect(stdout).toContain(`--policy-from-file alerts/${name}.json`);
    const { conditions } = JSON.parse(readFileSync(`${folder}alerts/${name}.json`, 'utf8')) as {
      conditions: [{ conditionMatchedLog?: { filter: string } }];
    };
    const line = runbook.split('\n').find((text) => text.startsWith(`| ${name} |`)) ?? '';
    expect(line).not.toBe('');
    for (const part of conditions[0].conditionMatchedLog?.filter.split(' ').slice(2) ?? [])
      expect(line).toContain(part);
  }
});

/** Settings as the example has them, but for these: the last value of a name counts. */
const settingsWith = (changed: Record<string, string>): string =>
  [
    readFileSync(`${folder}settings.env.example`, 'utf8'),
    ...Object.entries(changed).map(([name, value]) => `${name}=${value}`),
  ].join('\n');

const deployWith = (step: string, changed: Record<string, string>) => {
  const own = mkdtempSync(join(tmpdir(), 'arc-gam-deploy-'));
  try {
    writeFileSync(join(own, 'settings.env'), settingsWith(changed));
    return deploy(step, { SETTINGS: relative(folder, join(own, 'settings.env')), ENGINE: 'docker' });
  } finally {
    rmSync(own, { recursive: true });
  }
};

const byKeys = {
  SERVE: 'yes',
  JWT_JWKS_URL: 'https://id.example/keys',
  JWT_ISSUER: 'https://id.example/',
  JWT_AUDIENCE: 'community',
};

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { secretKeyRef: { name: string; key: string } };
}

/** The container of the service that these settings make. */
const serviceOf = (changed: Record<string, string>) => {
  const rendered = deployWith('render', { SERVE: 'yes', ...changed });
  expect(rendered).toMatchObject({ status: 0, stderr: '' });
  expect(rendered.stdout).not.toContain('${');
  const service = parseAllDocuments(rendered.stdout)
    .map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS();
    })
    .find((document) => document?.kind === 'Service');
  const [container] = service.spec.template.spec.containers;
  const env = container.env as Variable[];
  const secrets = env.flatMap(({ name, valueFrom }) =>
    valueFrom === undefined ? [] : [[name, valueFrom.secretKeyRef.name]],
  );
  const values = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  return { service, container, secrets: Object.fromEntries(secrets), values };
};

test('the service is the same image with the role that reads, and starts with what it is given', () => {
  const { service, container, secrets, values } = serviceOf(byKeys);
  expect(service).toMatchObject({
    apiVersion: 'serving.knative.dev/v1',
    metadata: { name: 'arc-gam-serve', annotations: { 'run.googleapis.com/ingress': 'all' } },
    spec: {
      template: {
        metadata: {
          annotations: { 'run.googleapis.com/cloudsql-instances': 'my-project:us-east1:my-instance' },
        },
        spec: { serviceAccountName: 'arc-gam-reader@my-project.iam.gserviceaccount.com', timeoutSeconds: 30 },
      },
    },
  });
  expect(container).toMatchObject({
    image: 'us-east1-docker.pkg.dev/my-project/arc-gam/arc-gam:1.0.0',
    args: ['serve', '--host', '0.0.0.0', '--port', '8080', '--log-format', 'json'],
    ports: [{ containerPort: 8080 }],
    startupProbe: { httpGet: { path: '/healthz', port: 8080 } },
  });
  expect(secrets).toEqual({ DB_PASS: 'arc-gam-reader-password' });
  expect(values).toMatchObject({ DB_USER: 'arc_gam_reader', ARC_GAM_MOCK: 'off' });
  // What the command makes of it.
  expect(readServeSettings(values)).toMatchObject({
    jwt: { jwksUrl: new URL(byKeys.JWT_JWKS_URL), issuer: byKeys.JWT_ISSUER, audience: byKeys.JWT_AUDIENCE },
    serviceToken: undefined,
    mock: false,
  });
});

test('what proves who asks: keys, a shared secret, a service token, but never nothing', () => {
  const bySecret = { ...byKeys, JWT_JWKS_URL: '' };
  const shared = serviceOf(bySecret);
  expect(shared.secrets).toEqual({
    DB_PASS: 'arc-gam-reader-password',
    ARC_GAM_JWT_SECRET: 'arc-gam-jwt-secret',
  });
  expect(shared.values).not.toHaveProperty('ARC_GAM_JWT_JWKS_URL');
  const backend = serviceOf({ SERVICE_TOKEN: 'yes' });
  expect(backend.secrets).toEqual({
    DB_PASS: 'arc-gam-reader-password',
    ARC_GAM_SERVICE_TOKEN: 'arc-gam-service-token',
  });
  expect(Object.keys(backend.values).filter((name) => name.includes('JWT'))).toEqual([]);
  // Each secret that a service reads was made by the step before it, and its account may read it.
  for (const changed of [byKeys, bySecret, { ...bySecret, SERVICE_TOKEN: 'yes' }, { SERVICE_TOKEN: 'yes' }]) {
    const { stdout, status } = deployWith('reader', changed);
    expect(status).toBe(0);
    const made = [...stdout.matchAll(/secrets create (\S+)/g)].map(([, name]) => name);
    expect(made).toEqual(Object.values(serviceOf(changed).secrets));
    for (const name of made) {
      expect(stdout).toContain(
        `secrets add-iam-policy-binding ${name} --member serviceAccount:arc-gam-reader@my-project`,
      );
    }
  }
  for (const step of ['serve', 'reader']) {
    expect(deployWith(step, {})).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('Nothing would prove who asks'),
    });
    expect(deployWith(step, { ...byKeys, JWT_AUDIENCE: '' })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('set JWT_ISSUER and JWT_AUDIENCE too'),
    });
  }
});

test('an upgrade brings the service along after the migration, where there is one', () => {
  const { stdout } = deployWith('upgrade', byKeys);
  expect(stdout.indexOf('services replace')).toBeGreaterThan(stdout.indexOf('jobs execute arc-gam-migrate'));
  expect(stdout).toContain('--member allUsers --role roles/run.invoker');
  expect(deploy('upgrade', { ENGINE: 'docker' }).stdout).not.toContain('services');
});

test('a domain of one’s own is mapped to the service', () => {
  const { stdout, status } = deployWith('domain', { ...byKeys, SERVE_DOMAIN: 'community.example' });
  expect(status).toBe(0);
  expect(stdout).toContain('domain-mappings create --service arc-gam-serve --domain community.example');
  expect(deployWith('domain', byKeys)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('SERVE_DOMAIN'),
  });
});

test('Terraform makes the same service as the manifest', () => {
  const terraform = readFileSync(`${folder}terraform/service.tf`, 'utf8');
  const { container, values, secrets } = serviceOf({ ...byKeys, SERVICE_TOKEN: 'yes' });
  const shared = serviceOf({ ...byKeys, JWT_JWKS_URL: '' });
  expect(terraform).toContain(`args  = ${JSON.stringify(container.args).replaceAll(',', ', ')}`);
  for (const name of [...Object.keys(values), ...Object.keys(shared.values)]) {
    expect(terraform).toMatch(new RegExp(`\\b${name}\\s+= `));
  }
  for (const secret of [...Object.values(secrets), ...Object.values(shared.secrets)]) {
    expect(terraform).toContain(`"${secret}"`);
  }
  for (const probe of [container.startupProbe, container.livenessProbe]) {
    expect(terraform).toMatch(
      new RegExp(
        `period_seconds += ${probe.periodSeconds}\\s+timeout_seconds += ${probe.timeoutSeconds}\\s+failure_threshold = ${probe.failureThreshold}`,
      ),
    );
  }
});

test('the schedule calls the jobs-run API at night', () => {
  const { stdout } = deploy('schedule');
  expect(stdout).toContain('--schedule 0\\ 2\\,14\\ \\*\\ \\*\\ \\* --time-zone America/New_York');
  expect(stdout).toContain('locations/us-east1/jobs/arc-gam-etl:run --oauth-service-account-email');
});

test('the image holds what the package lists, and its entry point is node', () => {
  const dockerfile = readFileSync(`${folder}../Dockerfile`, 'utf8');
  const { files } = JSON.parse(readFileSync(`${folder}../package.json`, 'utf8')) as { files: string[] };
  const sent = readFileSync(`${folder}../.dockerignore`, 'utf8').split('\n');
  for (const part of files.filter((name) => !name.endsWith('.md'))) {
    expect(dockerfile).toContain(part);
    // dist is built in there.
    if (part !== 'dist') expect(sent).toContain(`!${part}`);
  }
  expect(dockerfile).toMatch(/^ENTRYPOINT \["node", /m);
  expect(dockerfile).toMatch(/^USER 6\d+:6\d+$/m);
});

test('the alerts are the three of the runbook, and none waits longer than Cloud Monitoring does', () => {
  const { stdout, status } = deploy('alerts');
  expect(status).toBe(0);
  const runbook = readFileSync(`${folder}../docs/operations.md`, 'utf8');
  for (const name of ['failed', 'slow', 'stale']) {
    expect(stdout).toContain(`--policy-from-file alerts/${name}.json`);
    const { conditions } = JSON.parse(readFileSync(`${folder}alerts/${name}.json`, 'utf8')) as {
      conditions: [
        { conditionMatchedLog?: { filter: string }; conditionAbsent?: { filter: string; duration: string } },
      ];
    };
    const [{ conditionMatchedLog: log, conditionAbsent: absent }] = conditions;
    const line = runbook.split('\n').find((text) => text.startsWith(`| ${name} |`)) ?? '';
    for (const part of log?.filter.split(' ').slice(2) ?? []) expect(line).toContain(part);
    if (absent !== undefined) {
      expect(Number.parseInt(absent.duration, 10)).toBe(23.5 * 3600);
      expect(line).toContain('23.5 hours');
      expect(absent.filter).toContain('user/arc-gam-ended');
      expect(stdout).toContain('metrics create arc-gam-ended');
    }
  }
});

test('on one machine: the schema before the runs and the API, the API only for this machine', () => {
  const [document] = parseAllDocuments(readFileSync(`${folder}compose.yaml`, 'utf8'), { merge: true });
  expect(document?.errors).toEqual([]);
  const { services } = document?.toJS() as {
    services: Record<string, { depends_on?: Record<string, { condition: string }>; ports?: string[] }>;
  };
  expect(Object.keys(services)).toEqual(['postgres', 'migrate', 'etl', 'serve']);
  expect(services.migrate?.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
  for (const name of ['etl', 'serve']) {
    expect(services[name]?.depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } });
  }
  expect(services.serve?.ports).toEqual(['127.0.0.1:8080:8080']);
});
