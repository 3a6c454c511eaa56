"""``plan --all`` and ``publish --all``: many plugins of one repository compared with BioT and published, a few at once.

Offers ``plan_all`` and ``publish_all``, which work as ``plan`` and ``publish`` do for each plugin. Never prints.
"""

from __future__ import annotations

from builder.batch_release.many_releases import plan_all, publish_all
from builder.batch_release.plugin_results import BatchOutcome, ReleasedPlugin

__all__ = ["BatchOutcome", "ReleasedPlugin", "plan_all", "publish_all"]
