"""The build of a plugin with a Dockerfile: context, secrets, the Docker engine, the OCI layout and its evidence.

The engine decides what is in the image, so that the checks of packages do not apply. The evidence
says so. ``builder.image.dockerfile`` has the parts.
"""

from __future__ import annotations

from builder.dockerfile_building.context_check import check_context, list_context
from builder.dockerfile_building.dockerfile_package import package_dockerfile

__all__ = ["check_context", "list_context", "package_dockerfile"]
