"""Environment variables: which names are reserved, and which are valid.

Sources: BioT's deployment guide and OpenAPI specification 2.4.2 (prefix); AWS Lambda's guide to environment variables
(reserved names, those left to users, and the key grammar of its service model).
"""

from __future__ import annotations

AS_OF = "2026-11-20"

BIOT_PREFIX = "BIOT_"
"""BioT sets these itself and rejects others with ENVIRONMENT_VARIABLES_CANNOT_START_WITH_RESERVED_PREFIX."""

KEY_PATTERN = r"[a-zA-Z][a-zA-Z0-9_]+"
"""At least two characters; the whole name must match."""

RESERVED_NAMES = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "AWS_LAMBDA_METADATA_API",
        "AWS_LAMBDA_METADATA_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    }
)
"""Lambda sets these and rejects a function that sets them. ``AWS_LAMBDA_EXEC_WRAPPER``, ``NODE_OPTIONS``,
``TZ`` and other names that AWS documents for users are not listed."""

TREE_DIGEST_NAME = "PLUGIN_TREE_DIGEST"
"""The kit's own variable: the only place where a published plugin can say which code it has."""
TREE_DIGEST_EXAMPLE = "sha256:" + 64 * "0"
TREE_VERSION_NAME = "PLUGIN_TREE_VERSION"
"""The version with which the digest was published. Code that is uploaded by hand (Console) raises BioT's
version and leaves both variables as they are, so a digest counts only while this is the plugin's version."""
TREE_VERSION_EXAMPLE = "32767"

PLATFORM_VALUE_SIZES = {
    "BIOT_BASE_URL": 64,
    "BIOT_JWT_PERMISSION_INTERCEPTION": 24,
    "BIOT_JWT_PERMISSION_NOTIFICATION": 24,
    "BIOT_SERVICE_ENVIRONMENT": 32,
    "BIOT_SERVICE_USER_ID": 36,
    "BIOT_SERVICE_USER_SECRET_KEY": 64,
    "BIOT_SHOULD_VALIDATE_JWT": 5,
}
"""Variables that BioT adds, and the assumed length of their values. BioT publishes neither; this is a margin."""

DISPLAY_NAME_VARIABLE = "BIOT_APP_NAME"
"""BioT sets it to ``displayName``."""
