"""The limits of the platform: the smaller of what BioT and what Lambda allow.

Sources: BioT OpenAPI specification 2.4.2 (settings service, CreatePluginRequest) for the fields of ``config``; AWS
Lambda's quotas and service model for the rest. Sizes are bytes unless the name says otherwise.
"""

from __future__ import annotations

AS_OF = "2026-11-20"

NAME_MAX = 57
"""BioT puts ``Plugin-`` before the name; Lambda's function names end at 64."""
NAME_PREFIX = "Plugin-"
DISPLAY_NAME_MAX = 255
VERSION_MIN, VERSION_MAX = 1, 32_767
VERSION_WARNING_FROM = 32_000
"""The kit warns from this version on, because a version can only grow (the kit's choice)."""
RUNTIME_MAX = 50
HANDLER_MAX = 128
"""Lambda's limit; BioT's schema would allow 1024."""
TIMEOUT_MIN_SECONDS, TIMEOUT_MAX_SECONDS = 1, 900
MEMORY_MIN_MB, MEMORY_MAX_MB = 128, 10_240
EPHEMERAL_STORAGE_MIN_MB, EPHEMERAL_STORAGE_MAX_MB = 512, 10_240
CRON_MAX = 250
IMAGE_TAG_MAX = 128
INTEGER_MAX = 2_147_483_647
"""``interceptionOrder`` and ``order`` are int32."""

ENVIRONMENT_VARIABLES_MAX = 4_096
"""Bytes of the JSON text of all variables together, as Lambda's own error message measures it."""

ZIP_MAX = 52_428_800
"""50 MB: a ZIP that is uploaded directly."""
UNZIPPED_MAX = 262_144_000
"""250 MB: code and layers together, unpacked."""
SIZE_WARNING_SHARE = 0.8
"""The kit warns from this share of a size limit on (the kit's choice)."""

RUNTIME_WARNING_DAYS = 90
"""The kit warns this long before a runtime is deprecated (the kit's choice: three months to move)."""

CORS_ITEMS_MAX = 100
"""Lambda function URLs: origins, headers and exposed headers, each."""
CORS_ORIGIN_MAX = 253
CORS_HEADER_MAX = 1_024
