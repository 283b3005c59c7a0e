"""What colleagues say about a payment."""

from __future__ import annotations

from dataclasses import dataclass

from payymo.dashboard.pages.values import Moment


@dataclass(frozen=True, slots=True)
class CommentLine:
    """What a colleague said. Shape: `parts` are pieces of the text, each with whether it names somebody."""

    author: str
    moment: Moment
    parts: tuple[tuple[str, bool], ...]
