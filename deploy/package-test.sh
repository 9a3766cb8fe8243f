#!/usr/bin/env bash
# What the image's build does, without a container engine: npm ci, build and prune in a temporary copy; then the command
# runs with production dependencies alone. Catches a dev dependency that is needed at run time. Prints the size.
#   deploy/package-test.sh [DATABASE_URL]
# With a URL (an empty database whose user may create tables) it also makes the application's two tables, migrates and runs.
set -euo pipefail
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r package.json package-lock.json tsconfig.json tsconfig.build.json LICENSE bin src sql migrations "$copy"
cd "$copy"
npm ci --ignore-scripts --no-audit --no-fund --silent
npm run build --silent
npm prune --omit=dev --ignore-scripts --no-audit --no-fund --silent
rm -rf src tsconfig.json tsconfig.build.json package-lock.json
run() { NODE_ENV=production node bin/arc-gam.js "$@"; }
run --version
run --help > /dev/null
for part in . node_modules dist sql; do echo "size: $(du -sh --apparent-size "$part" | tr "\t" " ")"; done
url=${1:-}
if [ -z "$url" ]; then
  echo "No database URL given: migrate and etl are skipped."
  exit 0
fi
export DATABASE_URL=$url
node --input-type=module -e "
  import pg from 'pg';
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query(\`create table public.users (id uuid primary key, name text, home text);
    create table public.taps (id uuid primary key default gen_random_uuid(), id1 uuid, id2 uuid, time timestamptz,
      latitude double precision, longitude double precision);
    create index on public.taps (time);
    insert into users (id, name) select gen_random_uuid(), 'User ' || n from generate_series(1, 20) as n;
    insert into taps (id1, id2, time) select one.id, other.id, now() - interval '1 day' * (1 + random() * 5)
      from users as one, users as other where one.id < other.id;\`);
  await client.end();"
run migrate
run etl
run etl --log-format json
echo "ok: production dependencies are enough for migrate and etl"
