#!/usr/bin/env bash
# What somebody gets who installs the package, without a container engine: npm pack, then the archive installed with its
# production dependencies alone into an empty folder, and run from there. Catches a file that is not packed and a
# development dependency that is needed at run time. Prints the size.
#   deploy/package-test.sh [DATABASE_URL]
# With a URL (an empty database whose user may create tables) it also makes the application's two tables and runs
# migrate, backfill, etl, verify and status.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# `prepare` builds it.
npm pack --silent --pack-destination "$folder" > /dev/null
archive=$(echo "$folder"/arc-gam-*.tgz)
echo "archive: $(du -h --apparent-size "$archive" | cut -f1), $(tar -tzf "$archive" | wc -l) files"
mkdir "$folder/installed" "$folder/elsewhere"
cd "$folder/installed"
echo '{ "private": true }' > package.json
npm install --omit=dev --ignore-scripts --no-audit --no-fund --silent "$archive"
package=$folder/installed/node_modules/arc-gam
for part in "$package/dist" "$package/sql" "$folder/installed/node_modules"; do
  echo "$(basename "$part"): $(du -sh --apparent-size "$part" | cut -f1)"
done
[ ! -e node_modules/typescript ] || {
  echo "FAILED: development packages were installed" >&2
  exit 1
}
# As a command from somewhere else, where no .env and no node_modules are.
cd "$folder/elsewhere"
run() { NODE_ENV=production "$folder/installed/node_modules/.bin/arc-gam" "$@"; }
run --version
run --help > /dev/null
url=${1:-}
if [ -z "$url" ]; then
  echo "ok, but no database URL was given: migrate, backfill, etl, verify and status were skipped."
  exit 0
fi
export DATABASE_URL=$url
NODE_PATH=$folder/installed/node_modules node -e "
  const { Client } = require('pg');
  const main = async () => {
    const client = new Client({ connectionString: process.env.DATABASE_URL });
    await client.connect();
    await client.query(\`create table public.users (id uuid primary key, name text, home text);
      create table public.taps (id uuid primary key default gen_random_uuid(), id1 uuid, id2 uuid, time timestamptz,
        latitude double precision, longitude double precision);
      create index on public.taps (time);
      insert into users (id, name, home) select gen_random_uuid(), 'User ' || n, 'Austin, TX' from generate_series(1, 20) as n;
      insert into taps (id1, id2, time, latitude, longitude)
        select one.id, other.id, now() - interval '1 day' * (1 + random() * 5), 30.27, -97.74
        from users as one, users as other where one.id < other.id\`);
    await client.end();
  };
  main();"
run migrate
run backfill --batch-days 2 | tail -1
run etl | tail -1
run etl --log-format json | tail -1 | cut -c1-120
run verify --full | tail -1
run quests | head -1
run status | tail -1
echo "ok: what is packed and its production dependencies are enough"
