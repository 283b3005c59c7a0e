"""What a mail says: one value for every kind, made from its template."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string

from accounts.models import User
from payymo.shared import languages
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is ready to go out."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


def for_reader(user: User | None, tenant: Tenant | None) -> AbstractContextManager[None]:
    """Write in the language of whoever will read it: the one they chose, else the company's."""
    return languages.speaking(user.language if user else "", tenant.language if tenant else "")


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
