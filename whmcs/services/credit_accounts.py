"""The row that stands for a client's credit, so that money without an invoice is allocated and posted as any other.

WHMCS keeps no invoice for credit: a ledger row of the client, with no invoice, adds to it. The row here has a number of
its own beyond every id that WHMCS gives, owes nothing, and is never read from WHMCS.
"""

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext

from payymo.shared.errors import BadInput
from whmcs.models import Client, Invoice

# Beyond every invoice of a WHMCS; a client has one such row.
_FIRST_ID = 10**15


class NoCredit(BadInput):
    """The client's credit is in another currency, or its currency is not known."""

    code = "no_credit"


def credit_account(*, client: Client, currency: str, now: datetime) -> Invoice:
    """Return the row that stands for the client's credit, made when it is first needed.

    Raises: NoCredit; nothing is written.
    """
    _check_currency(client, currency)
    account, _ = Invoice.objects.select_related("client", "instance").get_or_create(
        client=client,
        is_credit_account=True,
        defaults={
            "instance": client.instance,
            "whmcs_id": _FIRST_ID + client.whmcs_id,
            "number": gettext("Credit"),
            "currency": currency,
            "total": Decimal(0),
            "balance": Decimal(0),
            "status": Invoice.Status.PAID,
            "synced_at": now,
            "read_at": now,
            "matched_at": now,
        },
    )
    return account


def _check_currency(client: Client, currency: str) -> None:
    """A client of WHMCS has one currency, which its invoices show."""
    newest = Invoice.objects.filter(client=client, is_credit_account=False).order_by("-whmcs_id")
    own = newest.values_list("currency", flat=True).first()
    known = client.instance.found.get("currencies", [])
    if own is None and len(known) <= 1:
        own = client.instance.default_currency
    if own is None:
        raise NoCredit(gettext("The currency of this client is not known: WHMCS shows no invoice of theirs."))
    if own != currency:
        raise NoCredit(
            gettext("The client's credit is in %(own)s, the payment in %(currency)s.")
            % {"own": own, "currency": currency}
        )
