"""Native code: whether it is for Lambda's machine, and whether the loader finds its libraries there.

Offers two steps. ``select_platform_files`` scans the packs and leaves out npm's prebuilt binaries for other platforms.
``check_natives`` checks the rest, at its place in the artifact, against the runtime. ``standalone_check`` does the same
for one package alone, before it is locked.

Inside: reading files (``elf``, ``native_files``, ``native_scan`` with its cache), the loader's rules (``loader_view``,
``load_problems``), the messages about them (``native_messages``), and npm's ways to ship binaries (``prebuilt``,
``install_scripts``).

Never runs, installs or changes native code, and never reads the host's libraries.
"""

from builder.natives.native_check import check_natives
from builder.natives.platform_packs import PlatformPacks, select_platform_files

__all__ = ["PlatformPacks", "check_natives", "select_platform_files"]
