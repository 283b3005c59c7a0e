"""Reading one invoice from WHMCS now, for somebody who looks at it."""

from datetime import datetime

from django.utils.translation import gettext

from payymo.shared.errors import Conflict, Refused, Retryable
from whmcs.clients import refusals
from whmcs.models import Invoice, WhmcsInstance
from whmcs.services.dispatching import ApiFor
from whmcs.services.invoice_mirror import write_gone, write_reading


def read_invoice(*, invoice: Invoice, api_for: ApiFor, now: datetime) -> bool:
    """Ask WHMCS for the invoice and store the answer; say whether it was, or left while a posting is under way.

    Raises: Conflict where its WHMCS is not connected, or paused. Refused, Retryable: nothing is written.
    """
    if invoice.instance.is_paused:
        raise Conflict(gettext("Its WHMCS is paused. Resume it under Connections first."))
    if invoice.instance.state != WhmcsInstance.State.ACTIVE or invoice.is_credit_account:
        raise Conflict(gettext("Its WHMCS is not connected now. Test the connection first."))
    [answer] = api_for(invoice.instance).invoices_alone((invoice.whmcs_id,))
    if isinstance(answer, Refused):
        if answer.reason != refusals.INVOICE_NOT_FOUND:
            raise answer
        write_gone(invoice.pk, read_at=now)
        return True
    if isinstance(answer, Retryable):
        raise answer
    return write_reading(invoice.pk, answer, read_at=now)
