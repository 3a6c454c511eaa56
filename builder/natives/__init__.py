"""Native code: is it for Lambda's machine, and does it find what it needs there?

``select_platform_files`` looks at the packs before they are put together and leaves out what is for other platforms;
``check_natives`` holds what is left, at its place in the artifact, against the runtime.
"""

from builder.natives.native_check import check_natives
from builder.natives.platform_packs import PlatformPacks, select_platform_files

__all__ = ["PlatformPacks", "check_natives", "select_platform_files"]
