#!/usr/bin/env bash
# Builds the image and runs it as Cloud Run would: read-only, non-root, SIGTERM in the middle of a batch.
#   deploy/smoke-test.sh [DATABASE_URL]
# The URL is an empty database that the host's network reaches; without one the database steps are skipped.
# ENGINE=docker|podman chooses, BUILD_FLAGS and RUN_FLAGS are passed on. Where no engine answers it says so and ends with 0.
set -euo pipefail
cd "$(dirname "$0")/.."

engine=${ENGINE:-}
for candidate in docker podman; do
  if [ -z "$engine" ] && "$candidate" info > /dev/null 2>&1; then engine=$candidate; fi
done
if [ -z "$engine" ]; then
  echo "SKIPPED: neither docker nor podman answers here; nothing was built or run."
  exit 0
fi
read -ra build_flags <<< "${BUILD_FLAGS:-}"
read -ra run_flags <<< "${RUN_FLAGS:-}"
image=arc-gam:smoke
fail() {
  echo "FAILED: $*" >&2
  exit 1
}

"$engine" build ${build_flags[@]+"${build_flags[@]}"} -t "$image" .
echo "image: $(($("$engine" image inspect --format '{{.Size}}' "$image") / 1000000)) MB, entry point" \
  "$("$engine" image inspect --format '{{.Config.Entrypoint}} {{.Config.Cmd}}, user {{.Config.User}}' "$image")"

run() {
  "$engine" run --rm --network host --read-only --cap-drop ALL ${run_flags[@]+"${run_flags[@]}"} "$@"
}
[ "$(run --entrypoint node "$image" -p 'process.getuid()')" != 0 ] || fail "it runs as root"
run --entrypoint node "$image" -e "require('fs').writeFileSync('/app/x', '')" 2> /dev/null && fail "its file system is writable"
run "$image" --version
[ ! -e node_modules ] || run --entrypoint node "$image" -e "
  if (require('fs').existsSync('/app/node_modules/typescript')) process.exit(1)" || fail "dev dependencies are in the image"

url=${1:-}
if [ -z "$url" ]; then
  echo "ok, but no database URL was given: migrate, backfill, etl and SIGTERM were skipped."
  exit 0
fi
arc_gam() { run -e DATABASE_URL="$url" -e CLOUD_RUN_JOB=smoke "$image" "$@"; }
sql() {
  run -e DATABASE_URL="$url" -e SQL="$1" --entrypoint node "$image" --input-type=module -e "
    import { createRequire } from 'node:module';
    const { Client } = createRequire('/app/package.json')('pg');
    const client = new Client({ connectionString: process.env.DATABASE_URL });
    await client.connect();
    const { rows } = await client.query(process.env.SQL);
    if (rows?.length) console.log(Object.values(rows[0]).join(' '));
    await client.end();"
}

sql "create table public.users (id uuid primary key, name text, home text);
  create table public.taps (id uuid primary key default gen_random_uuid(), id1 uuid, id2 uuid, time timestamptz,
    latitude double precision, longitude double precision);
  create index on public.taps (time);
  insert into users (id, name) select gen_random_uuid(), 'User ' || n from generate_series(1, 50) as n;
  insert into taps (id1, id2, time) select one.id, other.id, now() - interval '1 day' * (1 + random() * 9)
    from users as one, users as other where one.id < other.id"
arc_gam migrate
arc_gam backfill
arc_gam etl
days=$(sql 'select count(*) from gamification.processed_day')
[ "$days" -ge 9 ] || fail "only $days days are processed"

echo "SIGTERM in the middle of a batch:"
sql 'delete from taps where id in (select id from taps order by time desc limit 100)'
# A lock that lasts as long as this session keeps the batch waiting.
sql "begin; lock table gamification.user_streaks in access exclusive mode; select pg_sleep(25)" > /dev/null &
blocker=$!
sleep 3
name=arc-gam-smoke-$$
"$engine" run -d --name "$name" --network host --read-only --cap-drop ALL ${run_flags[@]+"${run_flags[@]}"} \
  -e DATABASE_URL="$url" -e CLOUD_RUN_JOB=smoke -e ARC_GAM_LOCK_TIMEOUT_MS=60000 "$image" etl > /dev/null
sleep 5
started=$(date +%s%N)
"$engine" stop --time 10 "$name" > /dev/null
ended=$(date +%s%N)
code=$("$engine" inspect --format '{{.State.ExitCode}}' "$name")
"$engine" logs "$name" | tail -1
"$engine" rm -f "$name" > /dev/null
echo "ended with $code after $(((ended - started) / 1000000)) ms"
[ "$code" = 1 ] || fail "exit code $code after SIGTERM, expected 1"
wait "$blocker" || true
arc_gam etl
[ "$(sql "select state from gamification.run order by run_id desc limit 1")" = 'done' ] || fail "the run after it did not end well"
echo "ok"
