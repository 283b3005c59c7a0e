"""Whether figures can have changed: a stamp that costs next to nothing, for pages that ask every minute."""

from datetime import date

from django.db import connection

from banking.models import BankTransaction
from matching.models import Decision, Proposal
from payments.models import BalanceTransaction, StripePayment
from whmcs.models import Invoice, PostingTransition

_GROWING = (BankTransaction, StripePayment, BalanceTransaction, PostingTransition, Decision, Proposal)


def stamp(today: date) -> str:
    """Return a text that is another one as soon as a row of which a report is made was added or read anew.

    Every change of a payment comes with a decision, a posting's with its move, an invoice's with its reading: so the
    last keys and one moment say it all, in one query.
    """
    quote = connection.ops.quote_name
    parts = [f"(SELECT max(id) FROM {quote(model._meta.db_table)})" for model in _GROWING]  # noqa: S608 - names of our own tables  # nosec B608
    parts.append(f"(SELECT extract(epoch FROM max(synced_at)) FROM {quote(Invoice._meta.db_table)})")  # noqa: S608 - as above  # nosec B608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}")
        found = cursor.fetchone()
    return "-".join([today.isoformat(), *(str(value or 0) for value in found)])
