"""Why a posting is not sent although it is not booked: the invoice is no longer what was approved."""

from whmcs.clients.base import RemoteInvoice
from whmcs.models import Invoice, Posting

_TAKES_PAYMENTS = frozenset({Invoice.Status.UNPAID, Invoice.Status.COLLECTIONS})


def objection(posting: Posting, remote: RemoteInvoice) -> str:
    """Return the reason in words, or an empty text when the posting may be sent.

    Shape: compares with what the decision was based on; a changed balance counts even where the amount still fits,
    because somebody may have booked this very payment by hand.
    """
    currency = posting.currency
    is_expected_pending = remote.status == posting.expected_status == Invoice.Status.PAYMENT_PENDING
    if remote.status not in _TAKES_PAYMENTS and not is_expected_pending:
        return f"WHMCS shows the invoice as {remote.status}."
    if remote.client_whmcs_id != posting.invoice.client.whmcs_id:
        return "WHMCS shows the invoice with another client."
    if posting.expected_balance is not None and remote.balance != posting.expected_balance:
        return (
            f"The invoice owes {remote.balance:.2f} {currency} now; "
            f"it owed {posting.expected_balance:.2f} {currency} when this was approved."
        )
    if posting.amount > remote.balance and not posting.allows_overpayment:
        return f"The invoice owes {remote.balance:.2f} {currency}, less than the {posting.amount:.2f} to be posted."
    return ""
