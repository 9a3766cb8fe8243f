#!/usr/bin/env bash
# Builds the image and runs it as Cloud Run would: read-only, non-root, serving, SIGTERM in the middle of a batch.
#   deploy/smoke-test.sh [DATABASE_URL]
# The URL is an empty database that the host's network reaches; without one the database steps are skipped.
# ENGINE=docker|podman chooses, BUILD_FLAGS and RUN_FLAGS are passed on, NODE_IMAGE=... replaces the base.
# Where no engine answers it says so and ends with 0.
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
base=${NODE_IMAGE:-$(sed -n 's/^ARG NODE_IMAGE=//p' Dockerfile)}
read -ra build_flags <<< "${BUILD_FLAGS:-}"
read -ra run_flags <<< "${RUN_FLAGS:-}"
if [ "$(basename "$engine")" = podman ]; then
  # podman asks for more open files and processes than a host without CAP_SYS_RESOURCE may give.
  limits=(--ulimit "nofile=1024:$(ulimit -Hn)" --ulimit nproc=1024:1024)
  build_flags+=("${limits[@]}")
  # And --read-only alone leaves a /tmp that can be written to.
  run_flags+=("${limits[@]}" --read-only-tmpfs=false)
fi
image=arc-gam:smoke
fail() {
  echo "FAILED: $*" >&2
  exit 1
}

"$engine" build ${build_flags[@]+"${build_flags[@]}"} --build-arg NODE_IMAGE="$base" -t "$image" .
size_of() { "$engine" image inspect --format '{{.Size}}' "$1"; }
# docker with BuildKit does not keep the base as an image of its own.
base_size=$(size_of "$base" 2> /dev/null || echo 0)
echo "image: $(($(size_of "$image") / 1000000)) MB, of which the base $base: $((base_size / 1000000)) MB"
"$engine" image inspect --format 'starts {{.Config.Entrypoint}} {{.Config.Cmd}} as {{.Config.User}}, labels {{.Config.Labels}}' "$image"

container=("$engine" run --rm --network host --read-only --cap-drop ALL ${run_flags[@]+"${run_flags[@]}"})
run() { "${container[@]}" "$@"; }
inside() { run --entrypoint node "$image" "$@"; }
[ "$(inside -p 'process.getuid()')" = 65532 ] || fail "it does not run as 65532"
for folder in /app /tmp /; do
  if inside -e "require('fs').writeFileSync('$folder/x', '')" 2> /dev/null; then fail "$folder can be written to"; fi
done
[ "$(inside -p "require('fs').existsSync('/app/node_modules/typescript')")" = false ] || fail "it holds development packages"
echo "arc-gam $(run "$image" --version): read-only, as 65532, production packages only"

url=${1:-}
if [ -z "$url" ]; then
  echo "ok, but no database URL was given: migrate, backfill, etl, verify, serve and SIGTERM were skipped."
  exit 0
fi
arc_gam() { run -e DATABASE_URL="$url" -e CLOUD_RUN_JOB=smoke "$image" "$@"; }
sql() {
  run -e DATABASE_URL="$url" -e SQL="$1" --entrypoint node "$image" --input-type=module -e "
    import { createRequire } from 'node:module';
    const { Client } = createRequire('/app/package.json')('pg');
    const client = new Client({ connectionString: process.env.DATABASE_URL, application_name: 'smoke' });
    client.on('error', () => process.exit());
    await client.connect();
    const { rows } = await client.query(process.env.SQL);
    if (rows?.length) console.log(Object.values(rows[0]).join(' '));
    await client.end();"
}
until_true() {
  local attempt
  for attempt in $(seq 60); do
    if [ "$(sql "select $1")" = true ]; then return; fi
    sleep 0.5
  done
  fail "after $attempt attempts it is not true that $1"
}
# Every figure, without the times of writing.
figures() {
  sql "select md5(string_agg(stored::text, ',' order by stored::text)) from (
    select to_jsonb(user_day_activity) from gamification.user_day_activity
    union all select to_jsonb(user_week_activity) - 'last_updated_at' from gamification.user_week_activity
    union all select to_jsonb(user_streaks) from gamification.user_streaks
    union all select to_jsonb(edge_strength) from gamification.edge_strength
    union all select to_jsonb(weekly_leaderboard) from gamification.weekly_leaderboard
    union all select to_jsonb(user_quest_progress) from gamification.user_quest_progress
    union all select to_jsonb(processed_day) - 'run_id' from gamification.processed_day
  ) as figure (stored)"
}

sql "create table public.users (id uuid primary key, name text, home text);
  create table public.taps (id uuid primary key default gen_random_uuid(), id1 uuid, id2 uuid, time timestamptz,
    latitude double precision, longitude double precision);
  create index on public.taps (time);
  insert into users (id, name) select gen_random_uuid(), 'User ' || n from generate_series(1, 50) as n;
  insert into taps (id1, id2, time) select one.id, other.id, now() - interval '1 day' * (1 + random() * 9)
    from users as one, users as other where one.id < other.id"
arc_gam migrate | tail -1
arc_gam backfill --batch-days 4 | tail -1
arc_gam etl | tail -1
arc_gam verify --full | tail -1
echo "serving, as the Cloud Run service does:"
token=a-token-of-the-smoke-test
user=$(sql 'select id from users order by id limit 1')
server=arc-gam-smoke-serve-$$
"${container[@]/--rm/-d}" --name "$server" -e DATABASE_URL="$url" -e ARC_GAM_SERVICE_TOKEN="$token" \
  -e ARC_GAM_MOCK=off "$image" serve --host 0.0.0.0 --port 18080 --json > /dev/null
trap '"$engine" rm -f "$server" > /dev/null 2>&1 || true' EXIT
# answer PATH [TOKEN]: the status.
answer() { inside -e "fetch('http://127.0.0.1:18080$1', { headers: '${2:-}' ? { authorization: 'Bearer ${2:-}' } : {} }).then((r) => console.log(r.status), () => console.log('nothing'))"; }
for attempt in $(seq 60); do
  if [ "$(answer /api/openapi.json)" = 200 ]; then break; fi
  sleep 0.5
done
for path in /api/openapi.json /api/ / /healthz /readyz; do
  [ "$(answer "$path")" = 200 ] || fail "after $attempt attempts $path does not answer"
done
weekly="/api/community/weekly?user_id=$user"
[ "$(answer "$weekly")" = 401 ] || fail "without a token it says more than 401"
[ "$(answer "$weekly" "$token")" = 200 ] || fail "with the service token it does not answer"
"$engine" stop --time 10 "$server" > /dev/null
code=$("$engine" inspect --format '{{.State.ExitCode}}' "$server")
"$engine" rm -f "$server" > /dev/null
[ "$code" = 0 ] || fail "serve ended with $code after SIGTERM, expected 0"
days=$(sql 'select count(*) from gamification.processed_day')
[ "$days" -ge 9 ] || fail "only $days days are processed"

echo "SIGTERM in the middle of a batch:"
before=$(figures)
sql 'delete from taps where id in (select id from taps order by time desc limit 100)'
# A lock keeps the batch from ending; it has written some of its tables by then.
sql "begin; lock table gamification.user_streaks in access exclusive mode; select pg_sleep(600)" > /dev/null 2>&1 &
until_true "exists (select from pg_locks where relation = 'gamification.user_streaks'::regclass and granted)"
name=arc-gam-smoke-$$
"${container[@]/--rm/-d}" --name "$name" \
  -e DATABASE_URL="$url" -e CLOUD_RUN_JOB=smoke -e ARC_GAM_LOCK_TIMEOUT_MS=600000 "$image" etl > /dev/null
trap '"$engine" rm -f "$name" "$server" > /dev/null 2>&1 || true' EXIT
until_true "exists (select from pg_locks where relation = 'gamification.user_streaks'::regclass and not granted)"
started=$(date +%s%N)
"$engine" stop --time 10 "$name" > /dev/null
ended=$(date +%s%N)
code=$("$engine" inspect --format '{{.State.ExitCode}}' "$name")
"$engine" logs "$name" | tail -1
"$engine" rm -f "$name" > /dev/null
echo "ended with $code after $(((ended - started) / 1000000)) ms"
[ "$code" = 1 ] || fail "exit code $code after SIGTERM, expected 1"
sql "select pg_terminate_backend(pid) from pg_locks where relation = 'gamification.user_streaks'::regclass and granted" > /dev/null
wait
[ "$(figures)" = "$before" ] || fail "half a batch was kept"
arc_gam etl | tail -1
[ "$(sql "select state from gamification.run order by run_id desc limit 1")" = 'done' ] || fail "the run after it did not end well"
[ "$(figures)" != "$before" ] || fail "the run after it changed nothing"
arc_gam verify --full | tail -1
echo "ok"
