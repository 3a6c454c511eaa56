"""What BioT rolls back if a request about a plugin fails, and which failures are permanent.

Sources: BioT's OpenAPI specification 2.4.2, settings service (POST, PATCH and DELETE of plugins roll their changes back
on failure; 500 PLUGIN_ROLLBACK_FAILED says that this failed too; AWS_EXCEPTION names its cause in ``className``); AWS
Lambda's API reference (errors of CreateFunction, UpdateFunctionCode and UpdateFunctionConfiguration).
"""

from __future__ import annotations

AS_OF = "2026-11-28"

ROLLBACK_FAILED = "PLUGIN_ROLLBACK_FAILED"
"""The only complete error with status 500 after which the state of the plugin is unknown."""

PERMANENT_AWS_ERRORS = frozenset(
    {
        "AccessDeniedException",
        "CodeSigningConfigNotFoundException",
        "CodeStorageExceededException",
        "CodeVerificationFailedException",
        "InvalidCodeSignatureException",
        "InvalidParameterValueException",
        "InvalidRequestContentException",
        "InvalidRuntimeException",
        "InvalidZipFileException",
        "PolicyLengthExceededException",
        "RequestEntityTooLargeException",
        "RequestTooLargeException",
        "UnsupportedMediaTypeException",
    }
)
"""Errors of the request or of the account: sending the request again changes nothing."""
