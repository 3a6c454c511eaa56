"""Plugins whose packages the kit does not choose: a Dockerfile does, or the tool that built the ZIP.

The kit cannot read the code in a ZIP for Java, .NET, Ruby and own runtimes. So the modules here check
what Lambda decides before it starts a function: the form of the ZIP, its sizes, and whether the
handler is in it. Nothing is built, and no byte changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from builder.dependencies import Store
    from builder.progress import Progress
    from builder.stages import CheckedPlugin, PackagedPlugin, UnlockedInputs


def check_unlocked(checked: CheckedPlugin, target: Path) -> CheckedPlugin:
    """Check the build context of the Dockerfile, or the ZIP.

    Raises:
        ProjectError, PackagingError: As the checks of either.
    """
    if checked.manifest.prebuilt:
        from builder.unlocked_packaging.prebuilt_package import check_prebuilt  # only with a prebuilt ZIP

        return check_prebuilt(checked)
    from builder.dockerfile_building import check_context  # only with a Dockerfile

    return check_context(checked, target)


def package_unlocked(inputs: UnlockedInputs, store: Store, progress: Progress) -> PackagedPlugin:
    """Build the image of the Dockerfile, or check and copy the ZIP.

    Raises:
        ProjectError, PackagingError: As the build of either.
    """
    if inputs.checked.manifest.prebuilt:
        from builder.unlocked_packaging.prebuilt_package import package_prebuilt  # only with a prebuilt ZIP

        return package_prebuilt(inputs.checked, inputs.target)
    from builder.dockerfile_building import package_dockerfile  # only with a Dockerfile

    return package_dockerfile(inputs.checked, inputs.target, store, progress)
