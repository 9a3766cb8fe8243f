# The read API and the page, where they are wanted: the service of deploy/service.yaml. `serve = true` makes it. The
# secrets' values are added by hand, as deploy/README.md says: in the state they would be readable.

variable "serve" {
  type        = bool
  default     = false
  description = "Whether the read API and the page are served."
}

variable "jwt_jwks_url" {
  type        = string
  default     = ""
  description = "Where the keys are that people's tokens are checked with. Empty: the secret arc-gam-jwt-secret."
}

variable "jwt_issuer" {
  type        = string
  default     = ""
  description = "Who makes people's tokens. Empty: there are none, and only the service token counts."
}

variable "jwt_audience" {
  type        = string
  default     = ""
  description = "For whom people's tokens are made."
}

variable "service_token" {
  type        = bool
  default     = false
  description = "Whether a backend that holds the secret arc-gam-service-token may ask for anybody."
}

variable "serve_domain" {
  type        = string
  default     = ""
  description = "A verified domain to map to the service. Empty: its run.app address, or a load balancer of your own."
}

variable "serve_ingress" {
  type        = string
  default     = "INGRESS_TRAFFIC_ALL"
  description = "Behind a load balancer: INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER."
}

locals {
  has_jwt = var.jwt_issuer != "" || var.jwt_jwks_url != ""
  # Environment variable => secret.
  serve_secrets = var.serve ? merge(
    { DB_PASS = "arc-gam-reader-password" },
    local.has_jwt && var.jwt_jwks_url == "" ? { ARC_GAM_JWT_SECRET = "arc-gam-jwt-secret" } : {},
    var.service_token ? { ARC_GAM_SERVICE_TOKEN = "arc-gam-service-token" } : {},
  ) : {}
}

resource "google_service_account" "reader" {
  count        = var.serve ? 1 : 0
  account_id   = "arc-gam-reader"
  display_name = "arc-gam reader"
}

resource "google_project_iam_member" "reader_sql_client" {
  count   = var.serve ? 1 : 0
  project = var.project_id
  role    = "roles/cloudsql.client"
  member  = google_service_account.reader[0].member
}

resource "google_secret_manager_secret" "serve" {
  for_each  = local.serve_secrets
  secret_id = each.value
  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_iam_member" "serve" {
  for_each  = local.serve_secrets
  secret_id = google_secret_manager_secret.serve[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.reader[0].member
}

resource "google_cloud_run_v2_service" "serve" {
  count      = var.serve ? 1 : 0
  name       = "arc-gam-serve"
  location   = var.region
  ingress    = var.serve_ingress
  depends_on = [google_secret_manager_secret_iam_member.serve, google_project_iam_member.reader_sql_client]

  # It holds nothing that is not in the database.
  deletion_protection = false

  lifecycle {
    precondition {
      condition     = local.has_jwt || var.service_token
      error_message = "Nothing would prove who asks: set jwt_jwks_url or jwt_issuer, or service_token."
    }
    precondition {
      condition     = !local.has_jwt || (var.jwt_issuer != "" && var.jwt_audience != "")
      error_message = "A token is checked for who made it and for whom: set jwt_issuer and jwt_audience too."
    }
  }

  template {
    service_account                  = google_service_account.reader[0].email
    timeout                          = "30s"
    max_instance_request_concurrency = 80
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"

    # One is always warm. Five hold 40 connections to the database at most: 8 each.
    scaling {
      min_instance_count = 1
      max_instance_count = 5
    }

    containers {
      image = var.image
      args  = ["serve", "--host", "0.0.0.0", "--port", "8080", "--log-format", "json"]
      ports {
        name           = "http1"
        container_port = 8080
      }
      resources {
        limits            = { cpu = "1", memory = "512Mi" }
        startup_cpu_boost = true
      }
      # Not /readyz: an instance that is ended because the database is away mends nothing.
      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 1
        failure_threshold = 30
        http_get {
          path = "/healthz"
          port = 8080
        }
      }
      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 5
        failure_threshold = 3
        http_get {
          path = "/healthz"
          port = 8080
        }
      }
      dynamic "env" {
        for_each = merge({
          INSTANCE_CONNECTION_NAME = local.instance
          DB_NAME                  = var.db_name
          DB_USER                  = "arc_gam_reader"
          ARC_GAM_TZ               = var.zone
          ARC_GAM_SCHEMA           = var.schema
          ARC_GAM_MOCK             = "off"
          }, local.has_jwt ? {
          ARC_GAM_JWT_ISSUER   = var.jwt_issuer
          ARC_GAM_JWT_AUDIENCE = var.jwt_audience
        } : {}, var.jwt_jwks_url == "" ? {} : { ARC_GAM_JWT_JWKS_URL = var.jwt_jwks_url })
        content {
          name  = env.key
          value = env.value
        }
      }
      dynamic "env" {
        for_each = local.serve_secrets
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.serve[env.key].secret_id
              version = "latest"
            }
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

# Whoever reaches it is let through to the tokens, which it checks itself: a browser has none of Google's.
resource "google_cloud_run_v2_service_iam_member" "public" {
  count    = var.serve ? 1 : 0
  name     = google_cloud_run_v2_service.serve[0].name
  location = var.region
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_cloud_run_domain_mapping" "serve" {
  count    = var.serve && var.serve_domain != "" ? 1 : 0
  name     = var.serve_domain
  location = var.region
  metadata {
    namespace = var.project_id
  }
  spec {
    route_name = google_cloud_run_v2_service.serve[0].name
  }
}
