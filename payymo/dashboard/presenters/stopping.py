"""The payments that wait while their client's service is about to stop, for the overview."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching import stop_selectors
from matching.stop_selectors import Stop
from payymo.dashboard import formats
from payymo.dashboard.links import offer
from payymo.dashboard.pages import StoppingRow
from payymo.dashboard.presenters import receipts

MOST = 5
ORDER = "order=due"


def rows(*, today: date) -> tuple[StoppingRow, ...] | None:
    """Return the services that stop next; None where no WHMCS tells when."""
    found = stop_selectors.stopping_soon(on=today, limit=MOST)
    return None if found is None else tuple(_row(stop, today) for stop in found)


def stop_words(day: date, today: date) -> str:
    """Say when a service stops. Payymo knows the day that WHMCS counts to, and not whether it has acted."""
    days = (day - today).days
    if days == 0:
        return _("stops today")
    if days > 0:
        return ngettext("stops in %d day", "stops in %d days", days) % days
    return ngettext("was to stop %d day ago", "was to stop %d days ago", -days) % -days


def _row(stop: Stop, today: date) -> StoppingRow:
    receipt = stop.proposal.bank_transaction or stop.proposal.stripe_payment
    assert receipt is not None  # noqa: S101 - kept by a constraint
    return StoppingRow(
        url=offer("review_item", receipt.public_id, query=ORDER),
        client=stop.invoice.client.display_name,
        amount=receipts.amount_of(receipt),
        invoice=stop.invoice.display_number,
        band=stop.proposal.band,  # type: ignore[arg-type]
        day=stop.day,
        day_text=formats.day(stop.day),
        when=stop_words(stop.day, today),
        late=stop.day <= today,
    )
