"""The same fixtures as in your tests."""

from tests.conftest import biot, new_process

__all__ = ["biot", "new_process"]
