"""The plugin's own errors."""

from typing import Any

FIRST_ERROR_STATUS = 400
LAST_ERROR_STATUS = 599


class PluginError(Exception):
    """Raise it to refuse a call. This is how a plugin blocks a request.

    BioT stops the intercepted API call and gives your status, code and message to the user. Example:
    ``raise PluginError(409, "MODIFICATION_FORBIDDEN", "Records are closed on weekends.")``
    """

    def __init__(
        self, status: int, code: str, message: str, details: dict[str, Any] | None = None, *, why: str = ""
    ) -> None:
        """Describe the refusal.

        Args:
            status: HTTP status, 400 to 599. (With any other status BioT would not block the call.)
            code: A name for programs, in upper case.
            message: A sentence for people. It reaches the user, so nothing internal belongs here.
            details: More information, as JSON.
            why: The reason for the log. It does not reach the caller.

        Raises:
            ValueError: The status is not an error status.
        """
        if not FIRST_ERROR_STATUS <= status <= LAST_ERROR_STATUS:
            raise ValueError(f"PluginError needs a status from 400 to 599, not {status}")
        super().__init__(f"{status} {code}: {why}" if why else f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.details = {} if details is None else details


class ConfigurationError(Exception):
    """An environment variable that BioT should have set is missing or unusable. The message names it."""


class BiotError(Exception):
    """BioT refused a call that the plugin made.

    Unless you catch it, the user gets a plain 500: BioT's answer to the plugin is not meant for the user.

    Attributes:
        status: The HTTP status of BioT's answer.
        code: BioT's error code, for example ``ENTITY_NOT_FOUND``; empty when there was none.
    """

    def __init__(self, call: str, status: int, code: str) -> None:
        """Name the call (method and path) and BioT's answer to it."""
        super().__init__(f"BioT answered {status} {code or '(no code)'} to {call}")
        self.status = status
        self.code = code
