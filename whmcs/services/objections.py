"""Why a posting is not sent although it is not booked: the invoice is no longer what was approved."""

from django.utils.translation import gettext_noop as _

from payymo.shared.sentences import Money, Sentence
from whmcs.clients.base import RemoteInvoice
from whmcs.models import Invoice, Posting

_TAKES_PAYMENTS = frozenset({Invoice.Status.UNPAID, Invoice.Status.COLLECTIONS})


def objection(posting: Posting, remote: RemoteInvoice) -> Sentence | None:
    """Return the reason, or None when the posting may be sent.

    Shape: compares with what the decision was based on; a changed balance counts even where the amount still fits,
    because somebody may have booked this very payment by hand.
    """
    owes = Money(remote.balance, posting.currency)
    is_expected_pending = remote.status == posting.expected_status == Invoice.Status.PAYMENT_PENDING
    if remote.status not in _TAKES_PAYMENTS and not is_expected_pending:
        return Sentence(_("WHMCS shows the invoice as %(status)s."), {"status": Sentence(remote.status)})
    if remote.client_whmcs_id != posting.invoice.client.whmcs_id:
        return Sentence(_("WHMCS shows the invoice with another client."))
    if posting.expected_balance is not None and remote.balance != posting.expected_balance:
        told = _("The invoice owes %(owes)s now; it owed %(owed)s when this was approved.")
        return Sentence(told, {"owes": owes, "owed": Money(posting.expected_balance, posting.currency)})
    if posting.amount > remote.balance and not posting.allows_overpayment:
        told = _("The invoice owes %(owes)s, less than the %(amount)s to be posted.")
        return Sentence(told, {"owes": owes, "amount": Money(posting.amount, posting.currency)})
    return None
