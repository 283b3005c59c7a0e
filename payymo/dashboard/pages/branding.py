"""The company's look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from payymo.dashboard.pages.shell import Brand


@dataclass(frozen=True, slots=True)
class LookPage:
    """Name and colour, and the logo; `logo_url` takes a POST."""

    form: Any
    logo_form: Any
    logo_url: str
    brand: Brand | None
