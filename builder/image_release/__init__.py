"""The image of a release: pushed to the repository that BioT names, under the tag that follows from its content."""

from builder.image_release.image_sources import read_layout, read_remote_image
from builder.image_release.repository_push import ImageRepository, RepositoryLogIn, describe_push, push_to_biot

__all__ = ["ImageRepository", "RepositoryLogIn", "describe_push", "push_to_biot", "read_layout", "read_remote_image"]
