"""The command line on a machine that knows the local BioT of a file's tests, and an endpoint."""

from __future__ import annotations

from tests.functional.sandbox.activity.conftest import biot_plugin, first

__all__ = ["biot_plugin", "first"]
