"""What a mail says: one value for every kind, made from its template."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is ready to go out."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


def compose(
    *, to: str, subject: str, template: str, page: dict[str, Any], headers: Mapping[str, str] | None = None
) -> Letter:
    """Fill `mail/<template>.txt` and `.html`."""
    context = {"page": {**page, "subject": subject}}
    return Letter(
        to=to,
        subject=" ".join(subject.split()),
        text=render_to_string(f"mail/{template}.txt", context),
        html=render_to_string(f"mail/{template}.html", context),
        headers=dict(headers or {}),
    )
