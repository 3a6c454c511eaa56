"""The endpoints of plugins: a Lambda function URL for the stored code of each plugin."""
