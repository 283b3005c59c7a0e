"""What a person says about a new account that may be a known one: the same, or another.

Source: docs/adr/0058-a-new-account-without-an-iban-is-asked-about.md
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from banking import adapters, locks
from banking.models import AccountQuota, BankAccount, BankConnection, PendingEntry, RawFetch
from banking.parsers.types import Refusal
from banking.services.account_holding import candidates
from banking.services.notes import Note
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict
from payymo.shared.sentences import Sentence
from tenants import sealing
from tenants.nudging import nudge


class NotAsked(Conflict):
    """Nobody asks about this account now, or its answer cannot be taken back; nothing changed."""

    code = "not_asked"


class NotThatAccount(BadInput):
    """The account cannot be the chosen one; nothing changed."""

    code = "not_that_account"


def is_read_elsewhere(account: BankAccount, known: BankAccount) -> bool:
    """Return whether another living connection brings the known account; uses its `connection`."""
    other = known.connection
    living = other is not None and other.state == BankConnection.State.LINKED
    return living and known.connection_id != account.connection_id


def join(*, account: BankAccount, known: BankAccount, now: datetime) -> BankAccount:
    """Note that an account is a known one by another name, and return the known one.

    Shape: where another living connection brings the known account, that goes on alone and this one is left unread
    (`tell_apart` takes it back); otherwise this connection brings it from now on, and what was kept is imported there,
    compared with what came by other ways. Said again once the other connection is gone, it takes over.
    Raises: NotAsked, NotThatAccount, locks.AccountBusy.
    """
    with transaction.atomic():
        account, known = _locked(account, known)
        _check(account, known)
        takes_over = not is_read_elsewhere(account, known)
        if takes_over:
            take_over(account=account, known=known, now=now)
        else:
            _leave_unread(account, now)
        _pass_number(account, known)
        account.same_as, account.held_at, account.resembles, account.is_paused = known, None, [], True
        account.next_sync_at = account.told_apart_at = account.booked_balance = account.booked_balance_at = None
        account.last_error = account.last_error_code = ""
        account.save()
        PendingEntry.objects.filter(account=account).delete()
        told: dict[str, str | bool] = {"known": str(known.public_id), "takes_over": takes_over}
        audit.record(action="account.joined", about=account, details=told)
        nudge("banks")
    return known


def _locked(one: BankAccount, other: BankAccount) -> tuple[BankAccount, BankAccount]:
    held = {pk: locks.lock_account(pk) for pk in sorted({one.pk, other.pk})}
    return held[one.pk], held[other.pk]


def _check(account: BankAccount, known: BankAccount) -> None:
    if account.connection is None or (account.held_at is None and account.same_as_id != known.pk):
        raise NotAsked(gettext("Nobody asks about this account now. Load the page again."))
    if account.connection.state != BankConnection.State.LINKED:
        raise NotAsked(gettext("The account's connection does not work now. Renew the consent first."))
    if known.same_as_id is not None or known.held_at is not None:
        raise NotThatAccount(gettext("That account is itself one that Payymo asks about. Choose another."))
    if account.same_as_id != known.pk and not candidates(account).filter(pk=known.pk).exists():
        raise NotThatAccount(gettext("It cannot be that account. Choose one of those that are offered."))


def _leave_unread(account: BankAccount, now: datetime) -> None:
    waiting = RawFetch.objects.filter(account=account, processed_at=None)
    waiting.update(processed_at=now, noted=[Refusal(0, Sentence(Note.LEFT_UNREAD)).as_dict()])


def take_over(*, account: BankAccount, known: BankAccount, now: datetime) -> None:
    """Bring the known account through the connection of the other, from what was kept on; part of a transaction."""
    RawFetch.objects.filter(account=account, processed_at=None).update(account=known)
    known.connection, known.provider_account_id = account.connection, account.provider_account_id
    known.next_sync_at = None if known.is_paused else now
    known.failures, known.last_error, known.last_error_code = 0, "", ""
    known.save()
    account.connection, account.provider_account_id = None, ""
    # Calls are counted by the provider's id, which is another now.
    AccountQuota.objects.filter(account__in=[account, known]).delete()


def _pass_number(account: BankAccount, known: BankAccount) -> None:
    """Let the known account be found by the IBAN that only the other had."""
    if account.iban_hash and not known.iban_hash:
        known.iban_hash, known.iban_last4 = account.iban_hash, account.iban_last4
        known.save(update_fields=["iban_hash", "iban_last4"])
        account.iban_hash = ""


def tell_apart(*, account: BankAccount, now: datetime) -> BankAccount:
    """Note that an account is none of those it may be: what was kept is imported, and it is read from now on.

    Shape: also takes back that it was another that a second connection brings, since nothing of it was mixed yet.
    Raises: NotAsked when it is not asked about, or when its entries are in the other account by now.
    """
    with transaction.atomic():
        current = BankAccount.objects.select_related("same_as").get(pk=account.pk)
        account, known = _locked(current, current.same_as or current)
        if account.held_at is None and (account.same_as_id is None or account.connection_id is None):
            raise NotAsked(gettext("Nobody asks about this account now, or its payments are in the other one already."))
        if account.same_as_id is not None:
            _take_number_back(account, known)
            kept = RawFetch.objects.filter(account=account, transactions=None).exclude(payload_sealed=b"")
            kept.update(processed_at=None, noted=[])
            # What was not fetched meanwhile is asked for, as far back as the bank gives it.
            account.cursor_date, account.is_paused = None, False
        account.same_as, account.held_at, account.resembles = None, None, []
        account.told_apart_at, account.next_sync_at = now, None if account.is_paused else now
        account.save()
        audit.record(action="account.told_apart", about=account)
        nudge("banks")
    return account


def _take_number_back(account: BankAccount, known: BankAccount) -> None:
    number = sealing.unseal(account, "iban_sealed")
    own = adapters.iban_hash(number, key=sealing.data_key())
    if known.iban_hash != own:
        return
    account.iban_hash, known.iban_hash = own, ""
    known.iban_last4 = sealing.unseal(known, "iban_sealed")[-4:]
    known.save(update_fields=["iban_hash", "iban_last4"])
