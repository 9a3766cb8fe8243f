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

variable "schedule" {
  type    = string
  default = "0 2 * * *"
}

variable "schedule_zone" {
  type    = string
  default = "America/New_York"
}
