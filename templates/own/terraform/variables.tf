variable "artifact" {
  description = "The ZIP that `tox -e package` wrote, such as ../../dist/my-plugin-1.zip."
  type        = string
}

variable "name" {
  description = "The name of the Lambda function."
  type        = string
}

variable "runtime" {
  description = "As in plugin.toml."
  type        = string
}

variable "handler" {
  description = "As in plugin.toml."
  type        = string
  default     = "index.handler"
}

variable "timeout" {
  description = "Seconds until Lambda stops a call, as in plugin.toml."
  type        = number
  default     = 30
}

variable "memory_size" {
  description = "MB, as in plugin.toml."
  type        = number
  default     = 256
}

variable "reserved_concurrency" {
  description = "How many calls may run at the same time; -1 for no limit. The URL is public, so a limit also limits costs."
  type        = number
  default     = 50
}

variable "biot_base_url" {
  description = "The address of BioT's API."
  type        = string

  validation {
    condition     = startswith(var.biot_base_url, "https://")
    error_message = "The address of BioT must start with https://."
  }
}

variable "biot_app_name" {
  description = "The plugin's display name, for its log and its errors."
  type        = string
}

variable "biot_service_environment" {
  description = "The name of the BioT environment, for errors."
  type        = string
}

variable "biot_service_user_id" {
  description = "The service user with which the plugin calls BioT; empty if it never does."
  type        = string
  default     = ""
}

variable "biot_service_user_secret_key" {
  description = "Its secret key. Terraform's state contains it, so keep the state encrypted."
  type        = string
  default     = ""
  sensitive   = true
}

variable "environment_variables" {
  description = "The plugin's own environment variables."
  type        = map(string)
  default     = {}
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the log."
  type        = number
  default     = 90
}

variable "kms_key_arn" {
  description = "A KMS key for the environment variables and the log; null for AWS's own keys."
  type        = string
  default     = null
}
