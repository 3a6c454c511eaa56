"""Lambda function URLs: an HTTP request becomes an event, and the handler's answer becomes an HTTP response. No I/O.

Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs" (payload format 2.0) and "Creating and managing
Lambda function URLs" (CORS), read on 2026-11-28.
"""
