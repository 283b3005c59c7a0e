"""The whole number of a payer's account, for somebody who asks for it."""

from banking.models import BankTransaction
from payymo.audit.services import recording as audit
from tenants import sealing


def show_account(*, row: BankTransaction) -> str:
    """Record that somebody looked, and return the number in groups of four; empty where none is stored.

    Raises: UnreadableSecret: nothing is recorded.
    """
    number = sealing.unseal(row, "counterparty_iban_sealed")
    if not number:
        return ""
    audit.record(action="person.account_shown", about=row)
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))
