"""The libraries on Lambda's operating systems, and the versions of their symbols.

Sources: PEP 600 policies in auditwheel 6.8.2 (what a manylinux wheel may use); GCC's "ABI Policy and
Guidelines" (gcc 7.3 has GLIBCXX_3.4.24 and CXXABI_1.3.11, gcc 11 has 3.4.29 and 1.3.13); Amazon Linux 2
ships gcc 7.3 and glibc 2.26, Amazon Linux 2023 gcc 11 and glibc 2.34. Lambda has less than those
policies allow: users report that libGL, libgthread (lambci/docker-lambda 318, keithrozario/Klayers 115)
and libgomp (dmlc/xgboost 11048) are missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from builder.platform.runtimes import AMAZON_LINUX_2, AMAZON_LINUX_2023

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.platform.runtimes import Runtime

AS_OF = "2026-11-20"

Version = tuple[int, ...]

_CORE = frozenset(
    {
        "ld-linux-x86-64.so.2",
        "libanl.so.1",
        "libc.so.6",
        "libdl.so.2",
        "libgcc_s.so.1",
        "libm.so.6",
        "libmvec.so.1",
        "libpthread.so.0",
        "libresolv.so.2",
        "librt.so.1",
        "libstdc++.so.6",
        "libutil.so.1",
        "libz.so.1",
    }
)
"""Of glibc, gcc and zlib: the manylinux list without X11, GL, GLib, expat and libatomic, which Lambda lacks."""

_OWN: Mapping[str, frozenset[str]] = {
    AMAZON_LINUX_2: frozenset({"libcrypt.so.1", "libnsl.so.1"}),
    AMAZON_LINUX_2023: frozenset({"libcrypt.so.2"}),
}
"""glibc 2.26 still has libnsl; libxcrypt replaced glibc's libcrypt and starts at version 2."""

_SYMBOLS: Mapping[str, Mapping[str, Version]] = {
    AMAZON_LINUX_2: {"GLIBC": (2, 26), "GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11), "GCC": (7, 0, 0)},
    AMAZON_LINUX_2023: {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (7, 0, 0)},
}

NAMED_VERSIONS: Mapping[str, tuple[str, Version]] = {"GLIBC_ABI_DT_RELR": ("GLIBC", (2, 36))}
"""Version names without a number that still need a version (glibc's release notes for 2.36)."""

LIBRARY_FOLDERS = ("", "lib")
"""Folders of the artifact in LD_LIBRARY_PATH, after the system's own (AWS Lambda's guide, environment variables)."""

MUSL = "libc.so"
"""The C library that code built for musl needs, unless it names ``libc.musl-x86_64.so.1``; glibc's is ``libc.so.6``."""


class OptionalLibrary(Struct, frozen=True, kw_only=True):
    """A library that one back end of a package needs, while the package works without it.

    Attributes:
        package: Normalised name.
        module: Last part of the extension module's path, up to its first dot.
        use: What is lost without the library.
    """

    package: str
    module: str
    use: str


PACKAGES_WITH_JAVASCRIPT_FALLBACK = frozenset({"bigint-buffer"})
"""npm packages that work in plain JavaScript if their binary is missing. Source: the packages' own code."""

OPTIONAL_LIBRARIES = (
    OptionalLibrary(package="numba", module="tbbpool", use="its TBB threading layer"),
    OptionalLibrary(package="numba", module="omppool", use="its OpenMP threading layer"),
)
"""Source: numba's manual, "The Threading Layers": numba uses the first layer that loads; workqueue always does."""


def libraries(runtime: Runtime) -> frozenset[str]:
    """The names of the libraries that the runtime provides outside the artifact."""
    own = _CORE | _OWN[runtime.operating_system]
    return own | {f"libpython{runtime.version}.so.1.0"} if runtime.language == "python" else own


def symbol_versions(runtime: Runtime) -> Mapping[str, Version]:
    """The highest version of each family of symbols on the runtime, such as ``GLIBC`` -> (2, 34)."""
    return _SYMBOLS[runtime.operating_system]
