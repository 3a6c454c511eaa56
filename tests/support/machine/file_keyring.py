"""A keyring in a file, for tests."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class FileKeyring(KeyringBackend):
    """Stores passwords in the file that TEST_KEYRING names."""

    priority: ClassVar[float] = 1

    def get_password(self, service: str, username: str) -> str | None:
        return self._all().get(f"{service}|{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._file().write_text(json.dumps({**self._all(), f"{service}|{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        passwords = self._all()
        if f"{service}|{username}" not in passwords:
            raise PasswordDeleteError(service)
        del passwords[f"{service}|{username}"]
        self._file().write_text(json.dumps(passwords))

    def _all(self) -> dict[str, str]:
        file = self._file()
        passwords: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        return passwords

    def _file(self) -> Path:
        return Path(os.environ["TEST_KEYRING"])
