"""The entry point: AWS Lambda calls ``index.handler`` for every event that reaches the plugin."""

from typing import Any

from plugin.flow import run
from plugin.hooks import HOOKS


def handler(event: object, context: object) -> dict[str, Any]:
    """Answer one event. The steps are in ``plugin/flow.py``, your own code is in ``plugin/perform``."""
    return run(event, context, HOOKS)
