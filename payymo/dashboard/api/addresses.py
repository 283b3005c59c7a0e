"""Whole addresses of pages, for a program on another host."""

from collections.abc import Mapping
from typing import Any

from tenants import context, links

ORIGIN = "origin"


def with_origin() -> dict[str, str]:
    """Return what `whole` needs, read once for an answer: always the tenant's stored host."""
    return {ORIGIN: links.address_of(context.current(), "")}


def whole(held: Mapping[str, Any], path: str) -> str:
    """Return the address of a path."""
    return f"{held[ORIGIN]}{path}"
