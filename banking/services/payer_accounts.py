"""The whole number of an account, a payer's or the company's own, for somebody who asks for it."""

from banking.models import BankAccount, BankTransaction
from payymo.audit.services import recording as audit
from tenants import sealing


def show_account(*, row: BankTransaction) -> str:
    """Record that somebody looked, and return the number in groups of four; empty where none is stored.

    Raises: UnreadableSecret: nothing is recorded.
    """
    return _shown(row, "counterparty_iban_sealed", "person.account_shown")


def show_own_account(*, row: BankAccount) -> str:
    """Record that somebody looked, and return the number in groups of four; empty where none is stored.

    Raises: UnreadableSecret: nothing is recorded.
    """
    return _shown(row, "iban_sealed", "account.shown")


def _shown(row: BankAccount | BankTransaction, column: str, action: str) -> str:
    number = sealing.unseal(row, column)
    if not number:
        return ""
    audit.record(action=action, about=row)
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))
