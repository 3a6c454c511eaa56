"""The command line as in the tests of single commands."""

from __future__ import annotations

from tests.functional.cli.conftest import biot_plugin

__all__ = ["biot_plugin"]
