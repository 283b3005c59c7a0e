"""A short tour of the review screen: one sentence a step, offered until somebody ends it."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership

STEPS = (
    (_("The queue"), _("Every payment that waits, the surest first. J and K move through it.")),
    (_("The evidence"), _("Left what arrived, right what it may pay. What is underlined agrees.")),
    (_("The reasons"), _("Why this invoice, what speaks against it, and the next best candidates: keys 1 to 5.")),
    (_("The decision"), _("A approves, R rejects, L puts off, I ignores. One key a payment.")),
    (_("Taking back"), _("Z takes back the last decision. Nothing is posted before there was time for it.")),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step. Shape: the addresses of the steps around it are empty at the ends."""

    place: int
    last: int
    title: str
    text: str
    back_url: str = ""
    next_url: str = ""


def step(request: HttpRequest) -> Step | None:
    """Return the step that the address asks for, by `tour`; None where none is asked for."""
    asked = request.GET.get("tour", "")
    place = int(asked) if asked in {str(number) for number in range(1, len(STEPS) + 1)} else 0
    if not place:
        return None
    title, text = STEPS[place - 1]
    return Step(
        place, len(STEPS), str(title), str(text),
        f"?tour={place - 1}" if place > 1 else "", f"?tour={place + 1}" if place < len(STEPS) else "",
    )  # fmt: skip


def is_offered(membership: Membership | None) -> bool:
    """Return whether this member has not ended it yet."""
    return membership is not None and membership.ended_tour_at is None
