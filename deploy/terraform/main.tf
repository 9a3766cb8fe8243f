# The same deployment as deploy/deploy.sh, for those who keep their infrastructure in Terraform; instead of its steps
# setup, jobs, schedule, alerts, follow, reader and serve, not beside them. A job can't be made before its image is pushed
# and its secret has a value, so the first time in two parts, with deploy/README.md, steps 2 and 3, between them:
#   terraform apply -target google_artifact_registry_repository.arc_gam -target google_secret_manager_secret_iam_member.password
#   terraform apply

terraform {
  required_version = ">= 1.5"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.37, < 8.0"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}

locals {
  instance = "${var.project_id}:${var.region}:${var.sql_instance}"
  jobs = {
    migrate  = { role = "owner", timeout = "900s", args = ["migrate", "--wait", "600"] }
    backfill = { role = "job", timeout = "86400s", args = ["backfill", "--wait", "600"] }
    etl      = { role = "job", timeout = "3600s", args = ["etl", "--wait", "1800"] }
  }
}

resource "google_project_service" "used" {
  for_each           = toset(["run", "cloudscheduler", "secretmanager", "sqladmin", "artifactregistry"])
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

resource "google_artifact_registry_repository" "arc_gam" {
  repository_id = var.repository
  location      = var.region
  format        = "DOCKER"
  depends_on    = [google_project_service.used]
}

resource "google_service_account" "role" {
  for_each     = toset(["owner", "job"])
  account_id   = "arc-gam-${each.key}"
  display_name = "arc-gam ${each.key}"
}

resource "google_project_iam_member" "sql_client" {
  for_each = google_service_account.role
  project  = var.project_id
  role     = "roles/cloudsql.client"
  member   = each.value.member
}

# The secret's value is added by hand: in the state it would be readable.
resource "google_secret_manager_secret" "password" {
  for_each   = google_service_account.role
  secret_id  = "arc-gam-${each.key}-password"
  depends_on = [google_project_service.used]
  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_iam_member" "password" {
  for_each  = google_service_account.role
  secret_id = google_secret_manager_secret.password[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value.member
}

resource "google_cloud_run_v2_job" "arc_gam" {
  for_each   = local.jobs
  name       = "arc-gam-${each.key}"
  location   = var.region
  depends_on = [google_secret_manager_secret_iam_member.password, google_project_iam_member.sql_client]

  # It holds nothing that is not in the database.
  deletion_protection = false

  template {
    # One task does all of the work; others would end at once.
    task_count  = 1
    parallelism = 1
    template {
      service_account       = google_service_account.role[each.value.role].email
      max_retries           = 2
      timeout               = each.value.timeout
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"

      containers {
        image = var.image
        args  = each.value.args
        resources {
          limits = { cpu = "2", memory = "2Gi" }
        }
        dynamic "env" {
          for_each = merge({
            INSTANCE_CONNECTION_NAME      = local.instance
            DB_NAME                       = var.db_name
            DB_USER                       = "arc_gam_${each.value.role}"
            ARC_GAM_TZ                    = var.zone
            ARC_GAM_SCHEMA                = var.schema
            ARC_GAM_DATABASE_WAIT_SECONDS = "180"
          }, each.key == "migrate" ? var.mapping : {})
          content {
            name  = env.key
            value = env.value
          }
        }
        env {
          name = "DB_PASS"
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.password[each.value.role].secret_id
              version = "latest"
            }
          }
        }
        volume_mounts {
          name       = "cloudsql"
          mount_path = "/cloudsql"
        }
      }
      volumes {
        name = "cloudsql"
        cloud_sql_instance {
          instances = [local.instance]
        }
      }
    }
  }
}

resource "google_service_account" "scheduler" {
  account_id   = "arc-gam-scheduler"
  display_name = "arc-gam scheduler"
}

resource "google_cloud_run_v2_job_iam_member" "scheduler" {
  name     = google_cloud_run_v2_job.arc_gam["etl"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.scheduler.member
}

resource "google_cloud_scheduler_job" "etl" {
  name             = "arc-gam-etl"
  region           = var.region
  schedule         = var.schedule
  time_zone        = var.schedule_zone
  attempt_deadline = "180s"

  # It fires at least once; a second run waits for the first and finds nothing to do.
  retry_config {
    retry_count = 3
  }

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.arc_gam["etl"].id}:run"
    oauth_token {
      service_account_email = google_service_account.scheduler.email
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
    }
  }
}
