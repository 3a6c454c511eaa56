output "endpoint_url" {
  description = "Write it into plugin.toml as endpointUrl of the environment."
  value       = aws_lambda_function_url.plugin.function_url
}

output "log_group" {
  description = "Where the log is."
  value       = aws_cloudwatch_log_group.plugin.name
}
