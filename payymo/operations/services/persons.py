"""What is stored about a person: found, exported, and erased as far as no bookkeeping needs it.

An erasure is written down with ids and keyed hashes, and carried out again after a restore (`erasures.py`).
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from banking import adapters
from banking.models import BankTransaction
from matching.models import InvoiceMatch, PayerProfile, StripeInvoiceMatch
from matching.rule_models import MatchingRule
from matching.services import learning
from payments.models import StripePayment
from payymo.audit.services import recording as audit
from payymo.operations.services.retention import erase_bank_transactions, erase_charges, forget_clients
from payymo.shared.errors import BadInput, Conflict
from payymo.shared.models import ReceiptState
from tenants import context, sealing
from tenants.models import Erasure, Tenant
from whmcs.models import Client

MOST_ROWS = 20_000
_NAME, _EMAIL = "person-name", "person-email"


class NobodyNamed(BadInput):
    """Nothing says who is meant."""

    code = "nobody_named"


class TooMuchFound(Conflict):
    """What was given fits more rows than one person has."""

    code = "too_much_found"


@dataclass(frozen=True, slots=True)
class Person:
    """By what a person is found; at least one. A name and an address fit whole, whatever the case."""

    client_whmcs_ids: tuple[int, ...] = ()
    iban_hashes: tuple[str, ...] = ()
    name_hashes: tuple[str, ...] = ()
    email_hashes: tuple[str, ...] = ()

    def as_selectors(self) -> dict[str, list[str] | list[int]]:
        """Return what is kept of it in the register."""
        return {
            "clients": list(self.client_whmcs_ids), "ibans": list(self.iban_hashes), "names": list(self.name_hashes),
            "emails": list(self.email_hashes),
        }  # fmt: skip

    @classmethod
    def from_selectors(cls, kept: Mapping[str, Any]) -> "Person":
        """Read what the register kept."""
        return cls(*(tuple(kept.get(name, ())) for name in ("clients", "ibans", "names", "emails")))


@dataclass(slots=True)
class Found:
    """What is stored about a person, by primary key."""

    clients: list[int] = field(default_factory=list)
    transactions: list[int] = field(default_factory=list)
    charges: list[int] = field(default_factory=list)
    rules: list[int] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing."""
        return not (self.clients or self.transactions or self.charges or self.rules)


@dataclass(slots=True)
class Erased:
    """How many rows were erased, and what stays with the reason."""

    clients: int = 0
    transactions: int = 0
    charges: int = 0
    rules: int = 0
    memories: int = 0
    stays: dict[str, int] = field(default_factory=dict)
    reason: str = ""


def describe(*, clients: Iterable[int] = (), iban: str = "", name: str = "", email: str = "") -> Person:
    """Turn what was typed into what is looked for.

    Raises: NobodyNamed.
    """
    ids = tuple(sorted(set(clients)))
    if not (ids or iban.strip() or _folded(name) or _folded(email)):
        raise NobodyNamed(
            gettext("Say who is meant: a client's number, an account number, a name or an e-mail address.")
        )
    key = sealing.data_key()
    return Person(
        client_whmcs_ids=ids,
        iban_hashes=(adapters.iban_hash(iban, key=key),) if iban.strip() else (),
        name_hashes=(_hash(name, _NAME, key),) if _folded(name) else (),
        email_hashes=(_hash(email, _EMAIL, key),) if _folded(email) else (),
    )


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _hash(text: str, purpose: str, key: sealing.TenantKeys) -> str:
    return key.hash_of(_folded(text), purpose=purpose)


def find(person: Person) -> Found:
    """Find everything about a person in the current tenant.

    Shape: a client brings what was matched to their invoices along.
    Raises: TooMuchFound.
    """
    key = sealing.data_key()
    names, emails = set(person.name_hashes), set(person.email_hashes)
    clients = set(Client.objects.filter(whmcs_id__in=person.client_whmcs_ids).values_list("pk", flat=True))
    if names or emails:
        clients |= _clients_called(names, emails, key)
    transactions = set(
        BankTransaction.objects.filter(counterparty_hash__in=person.iban_hashes).values_list("pk", flat=True)
    )
    if names:
        transactions |= _called(BankTransaction, "counterparty_name", names, _NAME, key)
    charges: set[int] = set()
    if names:
        charges |= _called(StripePayment, "name", names, _NAME, key)
    if emails:
        charges |= _called(StripePayment, "email", emails, _EMAIL, key)
    transactions |= set(
        InvoiceMatch.objects.filter(invoice__client__in=clients).values_list("bank_transaction_id", flat=True)
    )
    charges |= set(
        StripeInvoiceMatch.objects.filter(invoice__client__in=clients).values_list("stripe_payment_id", flat=True)
    )
    rules = set(MatchingRule.objects.filter(payer_account_hash__in=person.iban_hashes).values_list("pk", flat=True))
    found = Found(sorted(clients), sorted(transactions), sorted(charges), sorted(rules))
    if max(map(len, (found.clients, found.transactions, found.charges))) > MOST_ROWS:
        raise TooMuchFound(
            gettext("This fits more than %(most)s rows, which is no one person's. Say more exactly who.")
            % {"most": MOST_ROWS}
        )
    return found


def _called(model: Any, column: str, hashes: set[str], purpose: str, key: sealing.TenantKeys) -> set[int]:
    """Find rows whose text has one of these hashes: each different text is hashed once."""
    texts = model.objects.exclude(**{column: ""}).order_by().values_list(column, flat=True).distinct()
    fitting = [text for text in texts.iterator(chunk_size=5000) if _hash(text, purpose, key) in hashes]
    return set(model.objects.filter(**{f"{column}__in": fitting}).values_list("pk", flat=True))


def _clients_called(names: set[str], emails: set[str], key: sealing.TenantKeys) -> set[int]:
    found = set()
    rows = Client.objects.filter(erased_at=None).values_list("pk", "first_name", "last_name", "company_name", "email")
    for pk, first, last, company, email in rows.iterator(chunk_size=5000):
        called = {_hash(text, _NAME, key) for text in (f"{first} {last}", company) if _folded(text)}
        if called & names or (email and _hash(email, _EMAIL, key) in emails):
            found.add(pk)
    return found


@transaction.atomic
def erase(*, person: Person, now: datetime) -> Erased:
    """Erase what no bookkeeping needs, forget what was learned, and put it in the register; all of it or nothing.

    Raises: TooMuchFound.
    """
    done = carry_out(person, now=now)
    row = Erasure.objects.create(
        tenant=context.current(), selectors=person.as_selectors(), erased_at=now, applied_at=now
    )
    stays = {f"stays_{name}": count for name, count in done.stays.items()}
    counts = {name: getattr(done, name) for name in ("clients", "transactions", "charges", "rules", "memories")}
    audit.record(action="person.erased", about=row, details={**counts, **stays})
    return done


def foresee(person: Person) -> Erased:
    """Count what `erase` would erase and what would stay; nothing is written.

    Raises: TooMuchFound.
    """
    found = find(person)
    goes = _what_goes(found)
    rules = MatchingRule.objects.filter(pk__in=found.rules, removed_at=None).count()
    return _told(found, goes, Erased(len(goes.clients), len(goes.transactions), len(goes.charges), rules))


def carry_out(person: Person, *, now: datetime) -> Erased:
    """Erase what no bookkeeping needs; the register is the caller's."""
    found, done = find(person), Erased()
    done.memories = _forget(found)
    goes = _what_goes(found)
    done.transactions = erase_bank_transactions(goes.transactions, now=now, waits=True)
    done.charges = erase_charges(goes.charges, now=now, waits=True)
    done.clients = forget_clients(goes.clients, now=now)
    # A rule stays as a record of what decided; without its payer it fits nobody, so it is taken out of use.
    done.rules = MatchingRule.objects.filter(pk__in=found.rules, removed_at=None).update(
        removed_at=now, payer_account_last4=""
    )
    return _told(found, goes, done)


def _what_goes(found: Found) -> Found:
    """Return what of it no bookkeeping needs."""
    needed = set(Client.objects.filter(pk__in=found.clients, invoices__isnull=False).values_list("pk", flat=True))
    return Found(
        clients=[pk for pk in found.clients if pk not in needed],
        transactions=_free(BankTransaction, found.transactions),
        charges=_free(StripePayment, found.charges),
    )


def _told(found: Found, goes: Found, counts: Erased) -> Erased:
    """Add to the counts what stays, and why."""
    counts.stays = {
        "transactions": len(found.transactions) - len(goes.transactions),
        "charges": len(found.charges) - len(goes.charges), "clients": len(found.clients) - len(goes.clients),
    }  # fmt: skip
    if any(counts.stays.values()):
        years = Tenant.objects.get(pk=context.current().pk).bookkeeping_years
        counts.reason = gettext(
            "Bookkeeping: invoices and the payments that settle them are kept for %(years)s years. "
            "Their names go by themselves after that."
        ) % {"years": years}
    return counts


def _free(model: Any, ids: list[int]) -> list[int]:
    """Return which of these no bookkeeping needs."""
    open_ = Q(allocated=0, state__in=[ReceiptState.UNRECONCILED, ReceiptState.IGNORED])
    return list(model.objects.filter(open_, pk__in=ids, erased_at=None).order_by("pk").values_list("pk", flat=True))


def _forget(found: Found) -> int:
    forgotten = PayerProfile.objects.filter(client__in=found.clients).delete()[0]
    for model, ids in ((BankTransaction, found.transactions), (StripePayment, found.charges)):
        for receipt in model.objects.filter(pk__in=ids).iterator(chunk_size=500):
            forgotten += learning.forget_payer(receipt)
    return forgotten
