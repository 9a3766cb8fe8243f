variable "project_id" {
  type = string
}

variable "region" {
  type = string
}

variable "sql_instance" {
  type        = string
  description = "Name of the Cloud SQL instance, in the same project and region."
}

variable "db_name" {
  type = string
}

variable "image" {
  type        = string
  description = "The pushed image with its tag or digest."
}

variable "zone" {
  type        = string
  description = "IANA zone that decides days (ARC_GAM_TZ)."
}

variable "schema" {
  type    = string
  default = "gamification"
}

variable "mapping" {
  type        = map(string)
  default     = {}
  description = "Where the application's tables and columns have other names: ARC_GAM_TAPS_* and ARC_GAM_USERS_*, for migrate."
}

variable "repository" {
  type        = string
  default     = "arc-gam"
  description = "The Artifact Registry repository of the image."
}

variable "schedule" {
  type = string
  # Twice: the second run finds what came late, and keeps the alert on absence (23.5 hours at most) from firing every
  # night.
  default = "0 2,14 * * *"
}

variable "schedule_zone" {
  type    = string
  default = "America/New_York"
}

variable "notification_channels" {
  type        = list(string)
  default     = []
  description = "Names of Cloud Monitoring's notification channels (projects/P/notificationChannels/N) that the alerts go to."
}
