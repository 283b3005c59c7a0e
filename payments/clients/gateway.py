"""What a gateway is: a service that takes payments for a company, reports what happens, and pays out in sums.

One module a gateway implements this; all that stores, matches and shows knows only what is said here.
Source: docs/adr/0048-a-second-gateway-speaks-the-words-of-the-first.md
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from payments.clients.base import PaymentProvider, RemoteEvent
from payymo.shared.http import Breaker


class Subject(StrEnum):
    """What an event is about: what is read again because of it."""

    CHARGE = "charge"
    INTENT = "intent"
    REFUND = "refund"
    DISPUTE = "dispute"
    PAYOUT = "payout"
    ACCESS_ENDED = "access_ended"


class Gateway(Protocol):
    """One gateway. Nothing here knows a row, a tenant or a request."""

    title: str
    """Its own name, for people."""

    largest_body: int
    """Of a webhook call, in bytes."""

    signature_header: str

    def api(self, *, key: str, account_id: str = "", breaker: Breaker | None, is_patient: bool) -> PaymentProvider:
        """Return what reads one account; `account_id` only where the key is not the account's own."""

    def verifier(self, *, body: bytes, signature: str, now: datetime) -> Callable[[str], bool] | None:
        """Return what says whether a secret signed these bytes; None when no secret can have, or not lately.

        Shape: the answer takes as long whether the secret is right or wrong.
        """

    def events_in(self, body: bytes, headers: Mapping[str, str]) -> tuple[RemoteEvent, ...]:
        """Read the events of a verified call, in any order and never empty.

        Raises: ValueError or Refused for a body that holds none.
        """

    def subject_of(self, kind: str, object_id: str) -> Subject | None:
        """Say what an event is about; None when nothing is stored of that."""
