"""The fixtures of the templates' tests."""

from tests.templates.conftest import functions_cache, kit, nobody_s_settings, render, shared_folder

__all__ = ["functions_cache", "kit", "nobody_s_settings", "render", "shared_folder"]
