"""The error bodies of GoCardless Bank Account Data."""

from typing import Any


class Refusal(Exception):
    """Ends a request with an error answer."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(body)
        self.status, self.body, self.headers = status, body, headers or {}


def refusal(status: int, summary: str, detail: str, kind: str = "", headers: dict[str, str] | None = None) -> Refusal:
    """Return the usual form: summary, detail, status code and perhaps a type."""
    body: dict[str, Any] = {"summary": summary, "detail": detail, "status_code": status}
    if kind:
        body["type"] = kind
    return Refusal(status, body, headers)


def field(name: str, summary: str, detail: str) -> Refusal:
    """Return a complaint about the value of one field."""
    return Refusal(400, {name: {"summary": summary, "detail": detail}, "status_code": 400})


def required(*names: str) -> Refusal:
    """Return a complaint about fields that are missing."""
    return Refusal(400, {**{name: ["This field is required."] for name in names}, "status_code": 400})


def not_found() -> Refusal:
    """Return the answer for things that are missing or somebody else's."""
    return refusal(404, "Not found.", "Not found.")
