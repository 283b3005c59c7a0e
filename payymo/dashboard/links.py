"""Addresses that may not exist on the host at hand: the staff host serves the review, not every page."""

from typing import Any

from django.urls import NoReverseMatch, reverse


def link(name: str, *args: Any) -> str:
    """Return the path of a dashboard page, or an empty text where this host does not serve it."""
    try:
        return reverse(f"dashboard:{name}", args=args)
    except NoReverseMatch:
        return ""
