"""What a mail says: one value for every kind, made from its template."""

from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is ready to go out."""

    to: str
    subject: str
    text: str
    html: str


def compose(*, to: str, subject: str, template: str, page: dict[str, Any]) -> Letter:
    """Fill `mail/<template>.txt` and `.html`."""
    context = {"page": {**page, "subject": subject}}
    return Letter(
        to=to,
        subject=" ".join(subject.split()),
        text=render_to_string(f"mail/{template}.txt", context),
        html=render_to_string(f"mail/{template}.html", context),
    )
