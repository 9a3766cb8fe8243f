#!/usr/bin/env bash
# Deploys arc-gam to Cloud Run and Cloud SQL, step by step: deploy/deploy.sh STEP (see deploy/README.md).
#   setup    service accounts, secrets and rights
#   image    build and push the image
#   jobs     make or replace the three jobs: migrate, backfill, etl
#   upgrade  image, jobs, then migrate, before the next nightly run
#   schedule make or update the nightly trigger
#   alerts   make or update the three alerts of docs/operations.md
#   follow   make or replace the worker pool that keeps the figures live, with its alerts; optional
#   reader   service account and secrets of the read API; optional
#   serve    make or replace the service that answers the read API and the page; optional
#   domain   give it SERVE_DOMAIN; optional
#   render   print the manifests, run nothing
# Every step may be run again: what is there already stays or is updated.
# With DRY_RUN=1 every gcloud command is printed instead of run.
set -euo pipefail
cd "$(dirname "$0")"

settings=${SETTINGS:-settings.env}
if [ ! -f "$settings" ]; then
  echo "There is no $settings: copy settings.env.example and fill it in." >&2
  exit 2
fi
case $settings in /*) ;; *) settings=./$settings ;; esac
# shellcheck source-path=SCRIPTDIR source=settings.env.example
. "$settings"

INSTANCE_CONNECTION_NAME="$PROJECT_ID:$REGION:$SQL_INSTANCE"
IMAGE="$REGION-docker.pkg.dev/$PROJECT_ID/$REPOSITORY/arc-gam:$IMAGE_TAG"

gcloud() {
  if [ "${DRY_RUN:-}" = 1 ]; then
    printf 'gcloud'
    printf ' %q' "$@"
    printf '\n'
  else
    command gcloud --project "$PROJECT_ID" "$@"
  fi
}

# there COMMAND...: whether a thing that it describes exists already.
there() { [ "${DRY_RUN:-}" != 1 ] && gcloud "$@" > /dev/null 2>&1; }

account() { echo "$1@$PROJECT_ID.iam.gserviceaccount.com"; }

# The blocks "# only with WORD" ... "# end" of a manifest stay where the word is one of those given.
only() {
  awk -v words=" $* " '
    $1 == "#" && $2 == "only" { skipped = index(words, " " $4 " ") == 0; next }
    $1 == "#" && $2 == "end" { skipped = 0; next }
    !skipped'
}

# The mapping variables of the settings as entries of env, where the line "# mapping" stands.
with_mapping() {
  local line name value
  while IFS= read -r line; do
    if [ "${line##* # }" != mapping ]; then
      printf '%s\n' "$line"
      continue
    fi
    for name in $(compgen -v | grep -E '^ARC_GAM_(TAPS|USERS)_'); do
      value=${!name//\\/\\\\}
      printf '%s- name: %s\n%s  value: "%s"\n' "${line%%#*}" "$name" "${line%%#*}" "${value//\"/\\\"}"
    done
  done
}

# render NAME DB_USER SECRET ACCOUNT TIMEOUT ARGS [FILE [WORDS]]: the manifest of one job on stdout.
# shellcheck disable=SC2016 # the braces are text to be replaced
render() {
  local text user=$2 words="password ${8:-}"
  # Of a service account the database knows the name without its end.
  if [ "${IAM:-}" = yes ]; then user="$4@$PROJECT_ID.iam" words="iam ${8:-}"; fi
  if [ "$1" = arc-gam-migrate ]; then words="$words mapping"; fi
  # shellcheck disable=SC2086 # words
  text=$(grep -v '^#' "${7:-job.yaml}" | only $words | with_mapping)
  text=${text//'${JOB_NAME}'/$1}
  text=${text//'${DB_USER}'/$user}
  text=${text//'${FOLLOWERS}'/${FOLLOWERS:-1}}
  text=${text//'${DEPLOYED_AT}'/$(date -u +%Y%m%d-%H%M%S)}
  text=${text//'${SECRET}'/$3}
  text=${text//'${SERVICE_ACCOUNT}'/$(account "$4")}
  text=${text//'${TIMEOUT_SECONDS}'/$5}
  text=${text//'${ARGS}'/$6}
  text=${text//'${IMAGE}'/$IMAGE}
  text=${text//'${REGION}'/$REGION}
  text=${text//'${INSTANCE_CONNECTION_NAME}'/$INSTANCE_CONNECTION_NAME}
  text=${text//'${DB_NAME}'/$DB_NAME}
  text=${text//'${ARC_GAM_TZ}'/$ARC_GAM_TZ}
  text=${text//'${ARC_GAM_SCHEMA}'/$ARC_GAM_SCHEMA}
  printf '%s\n' "$text"
}

manifest() {
  case $1 in
    arc-gam-migrate) render "$1" arc_gam_owner arc-gam-owner-password arc-gam-owner 900 '["migrate", "--wait", "600"]' ;;
    arc-gam-backfill) render "$1" arc_gam_job arc-gam-job-password arc-gam-job 86400 '["backfill", "--wait", "600"]' ;;
    arc-gam-etl) render "$1" arc_gam_job arc-gam-job-password arc-gam-job 3600 '["etl", "--wait", "1800"]' ;;
    arc-gam-follow) render "$1" arc_gam_job arc-gam-job-password arc-gam-job 0 '["follow", "--log-format", "json"]' follow.yaml ;;
  esac
}

# How a person proves who they are: keys (of an identity provider), secret (one that is shared with it), or not at all.
proof() {
  if [ -n "${JWT_JWKS_URL:-}" ]; then echo keys; elif [ -n "${JWT_ISSUER:-}" ]; then echo secret; else echo none; fi
}

# The service refuses to start where nothing proves who asks, or a token isn't checked for whom it is: said before it is
# made.
check_serve() {
  if [ "$(proof)" = none ] && [ "${SERVICE_TOKEN:-}" != yes ]; then
    echo "Nothing would prove who asks: set JWT_JWKS_URL or JWT_ISSUER, or SERVICE_TOKEN=yes, in $settings." >&2
    exit 2
  fi
  if [ "$(proof)" != none ] && { [ -z "${JWT_ISSUER:-}" ] || [ -z "${JWT_AUDIENCE:-}" ]; }; then
    echo "A token is checked for who made it and for whom: set JWT_ISSUER and JWT_AUDIENCE too, in $settings." >&2
    exit 2
  fi
}

# shellcheck disable=SC2016 # the braces are text to be replaced
service_manifest() {
  local text words
  words=$(proof)
  if [ "$words" != none ]; then words="$words jwt"; fi
  if [ "${SERVICE_TOKEN:-}" = yes ]; then words="$words token"; fi
  text=$(render arc-gam-serve arc_gam_reader arc-gam-reader-password arc-gam-reader 30 \
    '["serve", "--host", "0.0.0.0", "--port", "8080", "--log-format", "json"]' service.yaml "$words")
  text=${text//'${INGRESS}'/${SERVE_INGRESS:-all}}
  text=${text//'${JWT_JWKS_URL}'/${JWT_JWKS_URL:-}}
  text=${text//'${JWT_ISSUER}'/${JWT_ISSUER:-}}
  text=${text//'${JWT_AUDIENCE}'/${JWT_AUDIENCE:-}}
  printf '%s\n' "$text"
}

jobs_of_ours="arc-gam-migrate arc-gam-backfill arc-gam-etl"

# service_account NAME SECRETS...: the account of a role, with the right to reach the database and to read its secrets.
service_account() {
  local name=$1 secret
  shift
  there iam service-accounts describe "$(account "arc-gam-$name")" ||
    gcloud iam service-accounts create "arc-gam-$name" --display-name "arc-gam $name"
  gcloud projects add-iam-policy-binding "$PROJECT_ID" --condition None \
    --member "serviceAccount:$(account "arc-gam-$name")" --role roles/cloudsql.client
  if [ "${IAM:-}" = yes ]; then
    gcloud projects add-iam-policy-binding "$PROJECT_ID" --condition None \
      --member "serviceAccount:$(account "arc-gam-$name")" --role roles/cloudsql.instanceUser
    there sql users describe "arc-gam-$name@$PROJECT_ID.iam" --instance "$SQL_INSTANCE" ||
      gcloud sql users create "arc-gam-$name@$PROJECT_ID.iam" --instance "$SQL_INSTANCE" --type cloud_iam_service_account
  fi
  for secret in "$@"; do
    there secrets describe "$secret" || gcloud secrets create "$secret" --replication-policy automatic
    gcloud secrets add-iam-policy-binding "$secret" \
      --member "serviceAccount:$(account "arc-gam-$name")" --role roles/secretmanager.secretAccessor
  done
}

# What holds the password of a role; nothing where it logs in by its account.
password_secret() { if [ "${IAM:-}" != yes ]; then echo "arc-gam-$1-password"; fi; }

setup() {
  gcloud services enable run.googleapis.com cloudscheduler.googleapis.com secretmanager.googleapis.com \
    sqladmin.googleapis.com artifactregistry.googleapis.com
  there artifacts repositories describe "$REPOSITORY" --location "$REGION" ||
    gcloud artifacts repositories create "$REPOSITORY" --repository-format docker --location "$REGION"
  local name
  for name in owner job; do
    # shellcheck disable=SC2046 # no secret is no word
    service_account "$name" $(password_secret "$name")
  done
  there iam service-accounts describe "$(account arc-gam-scheduler)" ||
    gcloud iam service-accounts create arc-gam-scheduler --display-name "arc-gam scheduler"
  echo "Now set the passwords and the rights in the database: deploy/README.md, step 3." >&2
}

image() {
  gcloud auth configure-docker "$REGION-docker.pkg.dev" --quiet
  local engine=${ENGINE:-docker} revision
  revision=$(git rev-parse HEAD 2> /dev/null || echo unknown)
  if [ "${DRY_RUN:-}" = 1 ]; then engine="echo $engine"; fi
  # shellcheck disable=SC2086 # in a dry run it is two words
  $engine build --platform linux/amd64 --build-arg VERSION="$IMAGE_TAG" --build-arg REVISION="$revision" -t "$IMAGE" ..
  # shellcheck disable=SC2086
  $engine push "$IMAGE"
}

jobs() {
  local name file
  for name in $jobs_of_ours; do
    file=$(mktemp)
    manifest "$name" > "$file"
    gcloud run jobs replace "$file" --region "$REGION"
    rm "$file"
  done
}

schedule() {
  gcloud run jobs add-iam-policy-binding arc-gam-etl --region "$REGION" \
    --member "serviceAccount:$(account arc-gam-scheduler)" --role roles/run.invoker
  local verb=create
  if there scheduler jobs describe arc-gam-etl --location "$REGION"; then verb=update; fi
  gcloud scheduler jobs "$verb" http arc-gam-etl --location "$REGION" \
    --schedule "$SCHEDULE" --time-zone "$SCHEDULE_ZONE" --http-method POST \
    --uri "https://run.googleapis.com/v2/projects/$PROJECT_ID/locations/$REGION/jobs/arc-gam-etl:run" \
    --oauth-service-account-email "$(account arc-gam-scheduler)" \
    --oauth-token-scope https://www.googleapis.com/auth/cloud-platform \
    --max-retry-attempts 3 --attempt-deadline 180s
}

upgrade() {
  image
  # The migrate job first: the nightly one keeps the old image until the schema is ready for the new one.
  local file
  file=$(mktemp)
  manifest arc-gam-migrate > "$file"
  gcloud run jobs replace "$file" --region "$REGION"
  rm "$file"
  gcloud run jobs execute arc-gam-migrate --region "$REGION" --wait
  jobs
  if [ "${FOLLOW:-}" = yes ]; then pool; fi
  if [ "${SERVE:-}" = yes ]; then serve; fi
}

reader() {
  check_serve
  local secrets
  secrets=$(password_secret reader)
  if [ "$(proof)" = secret ]; then secrets="$secrets arc-gam-jwt-secret"; fi
  if [ "${SERVICE_TOKEN:-}" = yes ]; then secrets="$secrets arc-gam-service-token"; fi
  # shellcheck disable=SC2086 # words
  service_account reader $secrets
  echo "Now give these secrets a value: $secrets. See deploy/README.md, The read API and the page." >&2
}

serve() {
  check_serve
  local file
  file=$(mktemp)
  service_manifest > "$file"
  gcloud run services replace "$file" --region "$REGION"
  rm "$file"
  # Whoever reaches it is let through to the tokens, which it checks itself: a browser has none of Google's.
  gcloud run services add-iam-policy-binding arc-gam-serve --region "$REGION" --member allUsers --role roles/run.invoker
}

domain() {
  if [ -z "${SERVE_DOMAIN:-}" ]; then
    echo "SERVE_DOMAIN is empty: set it in $settings." >&2
    exit 2
  fi
  there beta run domain-mappings describe --domain "$SERVE_DOMAIN" --region "$REGION" ||
    gcloud beta run domain-mappings create --service arc-gam-serve --domain "$SERVE_DOMAIN" --region "$REGION"
  # The records that the domain's name server has to hold.
  gcloud beta run domain-mappings describe --domain "$SERVE_DOMAIN" --region "$REGION" --format 'yaml(status.resourceRecords)'
}

alerts() {
  metric arc-gam-ended "arc-gam runs that ended well" \
    'resource.type="cloud_run_job" resource.labels.job_name="arc-gam-etl" jsonPayload.event="ended"'
  policies failed slow stale
}

# Worker pools are a command of beta in the SDK that this was checked with, and stay one where they are general.
pool() {
  local file
  file=$(mktemp)
  manifest arc-gam-follow > "$file"
  gcloud beta run worker-pools replace "$file"
  rm "$file"
}

follow() {
  pool
  metric arc-gam-minute "Lines that arc-gam follow says once a minute" \
    'resource.type="cloud_run_worker_pool" resource.labels.worker_pool_name="arc-gam-follow" jsonPayload.event="minute"'
  policies late silent
}

# metric NAME DESCRIPTION FILTER: counts lines of the log.
metric() {
  local verb=create
  if there logging metrics describe "$1"; then verb=update; fi
  gcloud logging metrics "$verb" "$1" --description "$2" --log-filter "$3"
}

# policies NAME...: the alerts of those files. One that is there is known by its name for people.
policies() {
  local name title policy channels
  for name in "$@"; do
    title=$(sed -n 's/^  "displayName": "\(.*\)",$/\1/p' "alerts/$name.json")
    policy=
    if [ "${DRY_RUN:-}" != 1 ]; then
      policy=$(gcloud alpha monitoring policies list --filter "displayName=\"$title\"" --format 'value(name)' --limit 1)
    fi
    channels=()
    if [ -n "$policy" ]; then
      if [ -n "${NOTIFICATION_CHANNELS:-}" ]; then channels=(--set-notification-channels "$NOTIFICATION_CHANNELS"); fi
      gcloud alpha monitoring policies update "$policy" --policy-from-file "alerts/$name.json" ${channels[@]+"${channels[@]}"}
    else
      if [ -n "${NOTIFICATION_CHANNELS:-}" ]; then channels=(--notification-channels "$NOTIFICATION_CHANNELS"); fi
      gcloud alpha monitoring policies create --policy-from-file "alerts/$name.json" ${channels[@]+"${channels[@]}"}
    fi
  done
}

render_all() {
  local name
  for name in $jobs_of_ours; do
    manifest "$name"
    echo "---"
  done
  if [ "${FOLLOW:-}" = yes ]; then
    manifest arc-gam-follow
    echo "---"
  fi
  if [ "${SERVE:-}" = yes ]; then
    check_serve
    service_manifest
    echo "---"
  fi
}

case ${1:-} in
  setup | image | jobs | schedule | alerts | upgrade | follow | reader | serve | domain) "$1" ;;
  render) render_all ;;
  *)
    sed -n '2,15s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
