"""The command line on a machine that knows the local BioT of a file's tests, and an endpoint."""

from __future__ import annotations

from tests.functional.sandbox.hooks.conftest import first, second
from tests.functional.sandbox.trigger.conftest import biot_plugin

__all__ = ["biot_plugin", "first", "second"]
