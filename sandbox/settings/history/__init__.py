"""The versions that a plugin had: its configuration and its code after each change."""
