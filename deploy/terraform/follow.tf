# Live figures, where they are wanted: the worker pool of deploy/follow.yaml and its two alerts. `follow = true` makes
# it.

variable "follow" {
  type        = bool
  default     = false
  description = "Whether arc-gam follow runs beside the nightly job. Needs capture (arc-gam capture on)."
}

variable "followers" {
  type        = number
  default     = 1
  description = "0 stops it for maintenance. More than one only wait to take over."
}

locals {
  live_alert = { for name in ["late", "silent"] : name => jsondecode(file("${path.module}/../alerts/${name}.json")) }
}

resource "google_cloud_run_v2_worker_pool" "follow" {
  count      = var.follow ? 1 : 0
  name       = "arc-gam-follow"
  location   = var.region
  depends_on = [google_secret_manager_secret_iam_member.password, google_project_iam_member.sql_client]

  # It holds nothing that is not in the database.
  deletion_protection = false

  scaling {
    manual_instance_count = var.followers
  }

  template {
    service_account = google_service_account.role["job"].email

    containers {
      image = var.image
      args  = ["follow", "--log-format", "json"]
      resources {
        limits = { cpu = "1", memory = "512Mi" }
      }
      dynamic "env" {
        for_each = {
          INSTANCE_CONNECTION_NAME      = local.instance
          DB_NAME                       = var.db_name
          DB_USER                       = "arc_gam_job"
          ARC_GAM_TZ                    = var.zone
          ARC_GAM_SCHEMA                = var.schema
          ARC_GAM_DATABASE_WAIT_SECONDS = "180"
        }
        content {
          name  = env.key
          value = env.value
        }
      }
      env {
        name = "DB_PASS"
        value_source {
          secret_key_ref {
            secret  = google_secret_manager_secret.password["job"].secret_id
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

resource "google_logging_metric" "minute" {
  count       = var.follow ? 1 : 0
  name        = "arc-gam-minute"
  description = "Lines that arc-gam follow says once a minute"
  filter      = "resource.type=\"cloud_run_worker_pool\" resource.labels.worker_pool_name=\"arc-gam-follow\" jsonPayload.event=\"minute\""
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

resource "google_monitoring_alert_policy" "late" {
  count                 = var.follow ? 1 : 0
  display_name          = local.live_alert.late.displayName
  combiner              = local.live_alert.late.combiner
  severity              = local.live_alert.late.severity
  notification_channels = var.notification_channels

  documentation {
    mime_type = local.live_alert.late.documentation.mimeType
    content   = local.live_alert.late.documentation.content
  }
  conditions {
    display_name = local.live_alert.late.conditions[0].displayName
    condition_matched_log {
      filter = local.live_alert.late.conditions[0].conditionMatchedLog.filter
    }
  }
  alert_strategy {
    auto_close = local.live_alert.late.alertStrategy.autoClose
    notification_rate_limit {
      period = local.live_alert.late.alertStrategy.notificationRateLimit.period
    }
  }
}

resource "google_monitoring_alert_policy" "silent" {
  count                 = var.follow ? 1 : 0
  display_name          = local.live_alert.silent.displayName
  combiner              = local.live_alert.silent.combiner
  severity              = local.live_alert.silent.severity
  notification_channels = var.notification_channels
  # A metric that nothing has been written to is not there for a condition.
  depends_on = [google_logging_metric.minute]

  documentation {
    mime_type = local.live_alert.silent.documentation.mimeType
    content   = local.live_alert.silent.documentation.content
  }
  conditions {
    display_name = local.live_alert.silent.conditions[0].displayName
    condition_absent {
      filter   = local.live_alert.silent.conditions[0].conditionAbsent.filter
      duration = local.live_alert.silent.conditions[0].conditionAbsent.duration
      aggregations {
        alignment_period     = local.live_alert.silent.conditions[0].conditionAbsent.aggregations[0].alignmentPeriod
        per_series_aligner   = local.live_alert.silent.conditions[0].conditionAbsent.aggregations[0].perSeriesAligner
        cross_series_reducer = local.live_alert.silent.conditions[0].conditionAbsent.aggregations[0].crossSeriesReducer
      }
    }
  }
  alert_strategy {
    auto_close = local.live_alert.silent.alertStrategy.autoClose
  }
}
