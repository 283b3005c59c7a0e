"""Working on stored events, by reading what they are about.

Order means nothing and duplicates are harmless: what an event says is never believed, only what Stripe shows now.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby

from django.utils.translation import gettext_noop

from payments.clients.base import PaymentProvider
from payments.clients.gateway import Subject
from payments.clients.gateways import GATEWAYS
from payments.models import StripeConnection, WebhookEvent
from payments.services import charges, payouts
from payymo.shared.errors import ProviderError, Refused
from payymo.shared.sentences import Sentence, as_columns
from tenants.breakers import SecretOff

MOST_ATTEMPTS = 12
RUN_LIMIT = 500
# Refusals that concern one object; any other failure concerns the whole account.
_ABOUT_ONE_OBJECT = ("invalid_request", "malformed")
ApiFor = Callable[[StripeConnection], PaymentProvider]


class Reader:
    """Reads and stores each object once, however many events name it.

    Every event of a run was stored before the run's first read, so one read shows what all of them reported.
    """

    def __init__(self, connection: StripeConnection, api: PaymentProvider) -> None:
        self._connection, self._api, self._gateway = connection, api, GATEWAYS[connection.gateway]
        self.charge = cache(self._charge)
        self.refund = cache(self._refund)
        self.dispute = cache(self._dispute)
        self.payout = cache(self._payout)
        self.intent = cache(self._intent)
        self._readers = {
            Subject.CHARGE: self.charge,
            Subject.REFUND: self.refund,
            Subject.DISPUTE: self.dispute,
            Subject.PAYOUT: self.payout,
            Subject.INTENT: self.intent,
        }

    def _charge(self, charge_id: str) -> None:
        charges.store_charges(self._connection, [self._api.charge(charge_id)])

    def _refund(self, refund_id: str) -> None:
        refund = self._api.refund(refund_id)
        if refund.charge_id:
            self.charge(refund.charge_id)
        charges.store_refunds([refund])

    def _dispute(self, dispute_id: str) -> None:
        dispute = self._api.dispute(dispute_id)
        self.charge(dispute.charge_id)
        charges.store_disputes([dispute])

    def _payout(self, payout_id: str) -> None:
        payouts.store_payouts(self._connection, [self._api.payout(payout_id)])
        payouts.fetch_items_of(self._connection, self._api, payout_id)

    def _intent(self, intent_id: str) -> None:
        intent = self._api.intent(intent_id)
        if intent.charge_id and intent.status == "succeeded":
            self.charge(intent.charge_id)
        charges.store_intents(self._connection, [intent])

    def _access_ended(self) -> None:
        if self._connection.kind == StripeConnection.Kind.CONNECT and self._still_answers():
            # An old event: the account has been connected again since.
            return
        StripeConnection.objects.filter(pk=self._connection.pk, state=StripeConnection.State.ACTIVE).update(
            state=StripeConnection.State.BROKEN,
            **as_columns(
                Sentence(gettext_noop("Access was withdrawn in %(gateway)s."), {"gateway": self._gateway.title})
            ),
            next_sync_at=None,
        )

    def _still_answers(self) -> bool:
        try:
            self._api.account()
        except Refused:
            return False
        return True

    def apply(self, kind: str, object_id: str) -> None:
        """Read what an event is about; kinds that concern nothing here cost nothing.

        Raises: ProviderError.
        """
        subject = self._gateway.subject_of(kind, object_id)
        if subject is Subject.ACCESS_ENDED:
            self._access_ended()
        elif subject is not None:
            self._readers[subject](object_id)


def process_events(*, now: datetime, api_for: ApiFor, limit: int = RUN_LIMIT) -> int:
    """Work on stored events that are due; return how many are done. One that fails is tried again, later and later.

    When Stripe cannot be asked at all, the account's other events stay due and are not tried in this run.
    """
    return sum(_work(connection, events, api_for, now=now) for connection, events in _due(now, limit))


def _due(now: datetime, limit: int) -> Iterator[tuple[StripeConnection, list[WebhookEvent]]]:
    due = WebhookEvent.objects.filter(
        processed_at=None, next_attempt_at__lte=now, connection__state=StripeConnection.State.ACTIVE
    ).select_related("connection")
    oldest = sorted(due.order_by("next_attempt_at", "pk")[:limit], key=lambda event: event.connection_id)
    for _, events in groupby(oldest, key=lambda event: event.connection_id):
        listed = list(events)
        yield listed[0].connection, listed


def _work(connection: StripeConnection, events: Iterable[WebhookEvent], api_for: ApiFor, *, now: datetime) -> int:
    done: list[int] = []
    try:
        reader = Reader(connection, api_for(connection))
    except SecretOff:
        # They stay due: it is our key that is missing, not theirs to try less often.
        return 0
    try:
        for event in events:
            try:
                reader.apply(event.kind, event.object_id)
            except ProviderError as error:
                _postpone(event, error, now=now)
                if error.reason not in _ABOUT_ONE_OBJECT:
                    break
            else:
                done.append(event.pk)
    finally:
        # Also when the time of the task is over: a slow gateway would else have the same events read for ever.
        WebhookEvent.objects.filter(pk__in=done, processed_at=None).update(
            processed_at=now, next_attempt_at=None, last_error=""
        )
    return len(done)


def _postpone(event: WebhookEvent, error: ProviderError, *, now: datetime) -> None:
    attempts = event.attempts + 1
    gives_up = attempts >= MOST_ATTEMPTS or (isinstance(error, Refused) and error.reason == "invalid_request")
    WebhookEvent.objects.filter(pk=event.pk).update(
        attempts=attempts,
        next_attempt_at=None if gives_up else now + timedelta(minutes=2 ** min(attempts, 9)),
        last_error=str(error)[:300],
    )
