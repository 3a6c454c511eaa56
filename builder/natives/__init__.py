"""Native code: is it for Lambda's machine, and does it find what it needs there?

``examine`` looks at the packs before they are put together and leaves out what is for other platforms;
``check_natives`` holds what is left, at its place in the artifact, against the runtime.
"""

from builder.natives.examine import Examined, examine
from builder.natives.native_check import check_natives

__all__ = ["Examined", "check_natives", "examine"]
