"""The error bodies of Enable Banking."""

from typing import Any


class Refusal(Exception):
    """Ends a request with an error answer."""

    def __init__(self, status: int, error: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.status, self.headers = status, headers or {}
        self.body: dict[str, Any] = {"code": status, "error": error, "message": message, "detail": None}


def wrong(message: str) -> Refusal:
    """Return the 422 for a parameter that makes no sense."""
    return Refusal(422, "WRONG_REQUEST_PARAMETERS", message)
