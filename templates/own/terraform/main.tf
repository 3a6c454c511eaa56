# The plugin as a Lambda function with a function URL in your own AWS account. The URL is public, because BioT must reach
# it; the plugin itself checks BioT's token in every call.

resource "aws_cloudwatch_log_group" "plugin" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# All that the function may do in AWS is to write its own log.
data "aws_iam_policy_document" "log" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.plugin.arn}:*"]
  }
}

resource "aws_iam_role" "plugin" {
  name_prefix        = substr(var.name, 0, 38)
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "log" {
  name   = "write-log"
  role   = aws_iam_role.plugin.id
  policy = data.aws_iam_policy_document.log.json
}

resource "aws_lambda_function" "plugin" {
  function_name                  = var.name
  role                           = aws_iam_role.plugin.arn
  filename                       = var.artifact
  source_code_hash               = filebase64sha256(var.artifact)
  runtime                        = var.runtime
  handler                        = var.handler
  architectures                  = ["x86_64"]
  timeout                        = var.timeout
  memory_size                    = var.memory_size
  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = var.kms_key_arn

  environment {
    variables = merge(var.environment_variables, {
      BIOT_BASE_URL                = var.biot_base_url
      BIOT_APP_NAME                = var.biot_app_name
      BIOT_SERVICE_ENVIRONMENT     = var.biot_service_environment
      BIOT_SERVICE_USER_ID         = var.biot_service_user_id
      BIOT_SERVICE_USER_SECRET_KEY = var.biot_service_user_secret_key
    })
  }

  depends_on = [aws_cloudwatch_log_group.plugin, aws_iam_role_policy.log]
}

resource "aws_lambda_function_url" "plugin" {
  function_name      = aws_lambda_function.plugin.function_name
  authorization_type = "NONE"
}

resource "aws_lambda_permission" "url" {
  statement_id           = "PublicUrl"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = aws_lambda_function.plugin.function_name
  principal              = "*"
  function_url_auth_type = "NONE"
}

# Only by the URL: whoever could invoke the function directly could also forge the events of a schedule.
resource "aws_lambda_permission" "invoke" {
  statement_id             = "PublicInvokeByUrl"
  action                   = "lambda:InvokeFunction"
  function_name            = aws_lambda_function.plugin.function_name
  principal                = "*"
  invoked_via_function_url = true
}
