"""Direct Debits of the demo: five invoices collected by GoCardless; three are paid out, one waits, one failed.

What happens at WHMCS, at GoCardless and at the bank happens in the stand-ins; Payymo reads it as it would anywhere.
"""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from payments.models import StripeConnection
from payments.services import connecting, syncing
from payymo.sandbox import world
from payymo.shared import http
from whmcs.models import Client, WhmcsInstance
from whmcs.services import connection as whmcs
from whmcs.services import invoice_sync

# What each invoice asks for, what became of its debit, and whether WHMCS booked that by itself.
_DEBITS = (
    ("119.00", ("submit", "confirm"), True),
    ("59.50", ("submit", "confirm"), True),
    ("23.80", ("submit", "confirm"), False),
    ("35.70", ("submit",), False),
    ("11.90", ("submit", "fail"), False),
)
_DEBITED_DAYS_AGO, _PAID_OUT_DAYS_AGO = 7, 4


def connect(slug: str) -> str:
    """Let debits happen, once, and connect GoCardless; return what was read, empty when everything is there."""
    connection = StripeConnection.objects.filter(gateway="gocardless").first()
    if connection is None:
        _collect(slug)
        keys = world.GOCARDLESS_PAYMENTS[slug]
        connection = connecting.connect_with_access_token(
            token=keys.access_token, webhook_secret=keys.webhook_secret, now=datetime.now(UTC)
        )
    if connection.last_success_at is not None:
        return ""
    result = syncing.sync_connection(connection=connection, api=connecting.api_for(connection), now=datetime.now(UTC))
    return f"{result.new_charges} direct debits and {result.payouts} payouts read"


def _collect(slug: str) -> None:
    instance = WhmcsInstance.objects.get()
    api, today = whmcs.api_for(instance), datetime.now(UTC).date()
    clients = Client.objects.order_by("-whmcs_id").values_list("whmcs_id", flat=True)[: len(_DEBITS)]
    debited = today - timedelta(days=_DEBITED_DAYS_AGO)
    for client, (amount, acts, is_booked) in zip(clients, _DEBITS, strict=True):
        issued = str(today - timedelta(days=_DEBITED_DAYS_AGO + 7))
        invoice = _order(f"whmcs/{slug}/invoice", userid=client, total=amount, date=issued, duedate=str(debited))
        payment = _order(
            f"gocardless-payments/{slug}/payments",
            amount=int(Decimal(amount) * 100),
            description=f"Invoice {invoice['invoiceid']}",
            metadata={"invoice_id": str(invoice["invoiceid"])},
            charge_date=str(debited),
            created_at=f"{debited}T08:00:00.000Z",
        )
        for act in acts:
            _order(f"gocardless-payments/{slug}/payments/{payment['id']}/{act}")
        if is_booked:
            api.add_invoice_payment(
                invoice_whmcs_id=int(invoice["invoiceid"]),
                amount=Decimal(amount),
                transaction_id=payment["id"],
                gateway="gocardless",
                paid_at=datetime.combine(debited, time(9), UTC),
                fees=Decimal(0),
                sends_email=False,
            )
    payout = _order(f"gocardless-payments/{slug}/payouts", age_days=_PAID_OUT_DAYS_AGO)
    _order(
        f"bank/{slug}/add",
        amount=f"{Decimal(payout['amount']) / 100:.2f}",
        booking_date=payout["arrival_date"],
        name="GoCardless Ltd",
        text=payout["reference"],
    )
    invoice_sync.sync_instance(instance=instance, api=api, now=datetime.now(UTC), budget=timedelta(minutes=1))


def _order(path: str, **order: Any) -> dict[str, Any]:
    answer = http.send("POST", f"{settings.SANDBOX_URL}/_control/{path}", json=order)
    if answer.status >= 300:
        raise RuntimeError(f"the stand-ins refused {path}: {answer.status} {answer.body[:200]!r}")
    return dict(answer.json())
