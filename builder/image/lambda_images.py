"""What Lambda requires of container images, and AWS's own base images.

Sources: the AWS Lambda Developer Guide, "Lambda quotas" (10 GB of uncompressed image, all layers
together), "Create a Lambda function using a container image" (linux, one architecture, the runtime
interface client as entrypoint) and, per language, "Deploy Python Lambda functions with container
images" and "Deploy Node.js Lambda functions with container images" (names and tags of the base
images, ``LAMBDA_TASK_ROOT``).
"""

from __future__ import annotations

from typing import Final

from builder.platform.runtimes import RUNTIMES

AS_OF: Final = "2026-11-20"

IMAGE_MAX: Final = 10 * 1024 * 1024 * 1024
"""Bytes of all layers together, uncompressed."""

LAYERS_MAX: Final = 127
"""Docker's and containerd's storage on Linux mounts no image with more layers."""

TASK_ROOT: Final = "var/task"
"""Where Lambda finds the code: ``LAMBDA_TASK_ROOT`` of the base images, relative to the root of the image."""

OPERATING_SYSTEM: Final = "linux"
ARCHITECTURE: Final = "amd64"
"""BioT creates functions for x86_64, Lambda's default."""

ENTRYPOINTS: Final = frozenset({"lambda-entrypoint.sh", "awslambdaric", "aws-lambda-ric"})
"""What starts a runtime interface client: the script of AWS's base images, or the client for Python or Node.js."""

_REGISTRY: Final = "public.ecr.aws/lambda"

BASE_IMAGES: Final = {
    runtime.name: f"{_REGISTRY}/{runtime.language}:{runtime.version}" for runtime in RUNTIMES.values()
}
"""Runtime -> AWS's base image in the Amazon ECR Public Gallery."""
