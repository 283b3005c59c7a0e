"""Whether WHMCS shows a posting: the look-up by its transaction id, which comes before every send."""

import enum
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from payymo.shared.sentences import Money, Sentence, Value
from whmcs.clients.base import RemoteTransaction, WhmcsApi
from whmcs.models import Posting


class Booked(enum.Enum):
    """What a look-up found under the posting's transaction id."""

    ABSENT = "absent"
    EQUAL = "equal"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The verdict, the booking that proves it when it is EQUAL, and the difference when it is DIFFERENT."""

    verdict: Booked
    booking: RemoteTransaction | None = None
    difference: Sentence | None = None


def look_up(api: WhmcsApi, posting: Posting) -> LookedUp:
    """Ask WHMCS for the posting's transaction id.

    Shape: compared again here, for WHMCS does not say how exactly its filter compares; a row that cannot be read makes
    the answer no proof of absence.
    Raises: Refused, Retryable.
    """
    wanted = posting.transaction_id.casefold()
    answer = api.transactions(transaction_id=posting.transaction_id)
    rows = [row for row in answer.rows if row.transaction_id.casefold() == wanted]
    if answer.unreadable:
        return _differs(_("WHMCS's booking cannot be read: %(why)s"), why=answer.unreadable[0])
    if not rows:
        return LookedUp(Booked.ABSENT)
    if len(rows) > 1:
        return _differs(_("WHMCS shows this payment %(count)s times."), count=len(rows))
    row = rows[0]
    is_credit = posting.invoice.is_credit_account
    if row.invoice_whmcs_id != (0 if is_credit else posting.invoice.whmcs_id):
        return _differs(_("WHMCS shows this payment on invoice %(invoice)s."), invoice=str(row.invoice_whmcs_id))
    if is_credit and row.client_whmcs_id != posting.invoice.client.whmcs_id:
        return _differs(_("WHMCS shows this payment of client %(client)s."), client=str(row.client_whmcs_id))
    if row.amount_in != posting.amount or row.amount_out:
        moved = {"money_in": row.amount_in, "money_out": row.amount_out}
        told = {name: Money(amount, posting.currency) for name, amount in moved.items()}
        return _differs(_("WHMCS shows this payment with %(money_in)s in and %(money_out)s out."), **told)
    return LookedUp(Booked.EQUAL, booking=row)


def _differs(text: str, **values: Value) -> LookedUp:
    return LookedUp(Booked.DIFFERENT, difference=Sentence(text, values))
