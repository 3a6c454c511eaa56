"""What BioT undoes when a request about a plugin fails, and which failures the same request meets again.

Sources: BioT's OpenAPI specification 2.4.2, settings service (POST, PATCH and DELETE of plugins roll their changes back
on failure; 500 PLUGIN_ROLLBACK_FAILED says that this failed too; AWS_EXCEPTION names its cause in ``className``); AWS
Lambda's API reference (errors of CreateFunction, UpdateFunctionCode and UpdateFunctionConfiguration).
"""

from __future__ import annotations

AS_OF = "2026-11-28"

ROLLBACK_FAILED = "PLUGIN_ROLLBACK_FAILED"
"""The one complete error with status 500 after which nothing is known of the plugin."""

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
"""They are about what was sent or about the account, so sending it again changes nothing."""
