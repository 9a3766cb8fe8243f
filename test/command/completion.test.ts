import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli } from './cli.js';

const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

describe('in bash', () => {
  let script: string;
  beforeAll(async () => {
    script = (await runCli(['completion', 'bash'])).stdout;
  });

  /** What bash would offer for a line whose last word is being typed. */
  const offered = (...line: string[]): string[] => {
    const { stdout, stderr } = spawnSync(
      'bash',
      [
        '-c',
        `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _arc_gam; printf '%s\\n' "\${COMPREPLY[@]}"`,
        'bash',
        'arc-gam',
        ...line,
      ],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    return stdout.trim().split('\n');
  };

  test.each([
    [['back'], 'backfill'],
    [['migrate', 'st'], 'status'],
    [['why', ''], 'rank'],
    [['help', 'exit'], 'exit-codes'],
    [['etl', '--dry'], '--dry-run'],
    [['etl', '--log-format', ''], 'json'],
    [['verify', '--table', 'weekly'], 'weekly_leaderboard'],
    [['completion', 'f'], 'fish'],
  ])('%s', (line, word) => {
    expect(offered(...line)).toContain(word);
  });

  test('every command of the help is offered', async () => {
    const { stdout } = await runCli(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) (?=.* {2,}\S)/gm)].map(([, name]) => name);
    expect(commands.length).toBeGreaterThan(10);
    expect(offered('')).toEqual(expect.arrayContaining(commands));
  });
});

describe('in zsh and fish', () => {
  test('the script of zsh is one', async ({ skip }) => {
    if (!has('zsh')) skip('zsh is not installed');
    const { stdout } = await runCli(['completion', 'zsh']);
    expect(spawnSync('zsh', ['-n', '-c', stdout], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  test('fish offers commands, words and values', async ({ skip }) => {
    if (!has('fish')) skip('fish is not installed');
    const { stdout } = await runCli(['completion', 'fish']);
    const offered = (line: string) =>
      spawnSync('fish', ['-c', `${stdout}\ncomplete -C '${line}'`], { encoding: 'utf8' }).stdout;
    expect(offered('arc-gam back')).toMatch(/^backfill\t/m);
    expect(offered('arc-gam capture ')).toMatch(/^status$/m);
    expect(offered('arc-gam etl --log-format ')).toMatch(/^json\t/m);
    expect(offered('arc-gam etl --dry')).toMatch(/^--dry-run\t/m);
  });
});

test('an unknown shell is named with those that are known', async () => {
  const { code, stderr } = await runCli(['completion', 'bsh']);
  expect(code).toBe(2);
  expect(stderr).toContain('Did you mean bash?');
});
