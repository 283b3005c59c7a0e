"""Hints beside the controls of the review screen: for a member's first decisions, or until they switch them off."""

from django.http import HttpRequest

from matching import selectors
from payymo.dashboard.pages import Hints

FIRST = 10


def hints_for(request: HttpRequest, *, besides: int = 0) -> Hints | None:
    """Return how many of their first decisions a member has made; None once these are made, or without the hints.

    Shape: `besides` were made with sample data, which nothing else counts.
    """
    membership = request.membership
    if membership is None or membership.ended_tour_at is not None or "review.decide" not in request.permissions:
        return None
    done = selectors.decided_by(request.user.pk, most=FIRST) + besides
    return Hints(done, FIRST) if done < FIRST else None
