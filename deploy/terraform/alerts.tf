# The three alerts of docs/operations.md. Their words and filters are those of deploy/alerts, which deploy.sh uses as
# well.

locals {
  alert = { for name in ["failed", "slow", "stale"] : name => jsondecode(file("${path.module}/../alerts/${name}.json")) }
}

resource "google_logging_metric" "ended" {
  name        = "arc-gam-ended"
  description = "arc-gam runs that ended well"
  filter      = "resource.type=\"cloud_run_job\" resource.labels.job_name=\"arc-gam-etl\" jsonPayload.event=\"ended\""
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

resource "google_monitoring_alert_policy" "log" {
  for_each              = toset(["failed", "slow"])
  display_name          = local.alert[each.key].displayName
  combiner              = local.alert[each.key].combiner
  severity              = local.alert[each.key].severity
  notification_channels = var.notification_channels

  documentation {
    mime_type = local.alert[each.key].documentation.mimeType
    content   = local.alert[each.key].documentation.content
  }
  conditions {
    display_name = local.alert[each.key].conditions[0].displayName
    condition_matched_log {
      filter = local.alert[each.key].conditions[0].conditionMatchedLog.filter
    }
  }
  alert_strategy {
    auto_close = local.alert[each.key].alertStrategy.autoClose
    notification_rate_limit {
      period = local.alert[each.key].alertStrategy.notificationRateLimit.period
    }
  }
}

resource "google_monitoring_alert_policy" "stale" {
  display_name          = local.alert.stale.displayName
  combiner              = local.alert.stale.combiner
  severity              = local.alert.stale.severity
  notification_channels = var.notification_channels
  # A metric that nothing has been written to is not there for a condition.
  depends_on = [google_logging_metric.ended]

  documentation {
    mime_type = local.alert.stale.documentation.mimeType
    content   = local.alert.stale.documentation.content
  }
  conditions {
    display_name = local.alert.stale.conditions[0].displayName
    condition_absent {
      filter   = local.alert.stale.conditions[0].conditionAbsent.filter
      duration = local.alert.stale.conditions[0].conditionAbsent.duration
      aggregations {
        alignment_period     = local.alert.stale.conditions[0].conditionAbsent.aggregations[0].alignmentPeriod
        per_series_aligner   = local.alert.stale.conditions[0].conditionAbsent.aggregations[0].perSeriesAligner
        cross_series_reducer = local.alert.stale.conditions[0].conditionAbsent.aggregations[0].crossSeriesReducer
      }
    }
  }
  alert_strategy {
    auto_close = local.alert.stale.alertStrategy.autoClose
  }
}
