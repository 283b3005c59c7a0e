"""Accounts that may be known already under another name: the question, and what was answered."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from banking.models import BankAccount, BankConnection
from payymo.dashboard.links import link
from payymo.dashboard.pages import Choice
from payymo.dashboard.presenters.receipts import masked


def known_to(accounts: Iterable[BankAccount]) -> dict[str, BankAccount]:
    """Return the accounts that these may be or are, by public id; one query, none where nobody asks."""
    wanted = {str(one["account"]) for account in accounts for one in account.resembles}
    joined = {account.same_as_id for account in accounts if account.same_as_id}
    if not wanted and not joined:
        return {}
    rows = BankAccount.objects.select_related("connection")
    found = rows.filter(public_id__in=wanted) | rows.filter(pk__in=joined)
    return {str(account.public_id): account for account in found}


def name_of(account: BankAccount) -> str:
    """Name an account with how its number ends and who brings it."""
    named = f"{account.name or _('Account')} {masked(account.iban_last4)}".strip()
    return f"{named} ({account.connection.institution_name})" if account.connection else named


def asked(account: BankAccount, known: Mapping[str, BankAccount], *, may_change: bool) -> dict[str, Any]:
    """Return what the line of an account says of its question or its answer; nothing for most."""
    url = link("bank_account_answer", account.public_id) if may_change else ""
    if account.held_at is not None:
        choices = tuple(_choice(one, known) for one in account.resembles if one["account"] in known)
        likely = next((choice.label for choice in choices if choice.selected), "")
        text = _("This looks like %s.") % likely if likely else _("Is this account here already?")
        return {"asks": text, "choices": choices, "answer_url": url}
    if account.same_as_id is None:
        return {}
    other = next(one for one in known.values() if one.pk == account.same_as_id)
    is_read = other.connection is not None and other.connection.state == BankConnection.State.LINKED
    text = _("Is %s, and is not read here.") if is_read else _("Is %s, which nobody reads now.")
    return {
        "joined": text % name_of(other),
        "known": "" if is_read else str(other.public_id),
        "answer_url": url,
    }


def _choice(one: Mapping[str, Any], known: Mapping[str, BankAccount]) -> Choice:
    said = ""
    if one["compared"]:
        counts = {"shared": one["shared"], "compared": one["compared"]}
        said = ": " + _("%(shared)d of %(compared)d entries agree") % counts
    return Choice(one["account"], name_of(known[one["account"]]) + said, bool(one["likely"]))
