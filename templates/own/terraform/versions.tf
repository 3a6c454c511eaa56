terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # The first one with invoked_via_function_url, which function URLs need since October 2025.
      version = ">= 6.29"
    }
  }
}
