"""Reads of the mirror and the outbox, with every relation loaded that the caller touches."""

import unicodedata
import uuid
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Concat, Replace

from accounts import reach
from payymo.shared.money import meant_amounts
from whmcs.models import Client, Invoice, InvoiceLine, Posting, PostingTransition, WhmcsInstance, WhmcsTransaction

NEEDS_A_PERSON = (Posting.State.CONFLICT, Posting.State.FAILED)
_LONGEST_SEARCH = 100
_MOST_WORDS = 6
# Letters that no normal form takes apart, and the two ways to write an umlaut.
_LETTERS = str.maketrans("łøđ", "lod")
_UMLAUTS = (("AE", "A"), ("OE", "O"), ("UE", "U"))


def instances() -> QuerySet[WhmcsInstance]:
    """Return the connected installations, by name."""
    return WhmcsInstance.objects.exclude(state=WhmcsInstance.State.REMOVED).order_by("name", "pk")


def working_instances() -> QuerySet[WhmcsInstance]:
    """Return the installations that are read and posted to: their access works, and nobody has paused them."""
    return WhmcsInstance.objects.filter(state=WhmcsInstance.State.ACTIVE, is_paused=False)


def paused_instances() -> QuerySet[WhmcsInstance]:
    """Return the installations that a person has paused, by name."""
    return instances().filter(is_paused=True)


def clients(*, text: str = "") -> QuerySet[Client]:
    """Return clients, newest first, whose name, e-mail or number holds every word of `text`."""
    found = Client.objects.select_related("instance").order_by("-pk")
    for word in _words(text):
        found = found.filter(_client_has(word, ""))
    return found


def invoices(*, status: str = "", text: str = "", currency: str = "") -> QuerySet[Invoice]:
    """Return invoices, newest first, of one status or `open`, that hold every word of `text`."""
    found = Invoice.objects.filter(is_credit_account=False).select_related("client", "instance").order_by("-pk")
    if status == "open":
        found = found.filter(status__in=Invoice.OPEN)
    elif status:
        found = found.filter(status=status)
    if currency:
        found = found.filter(currency=currency)
    return _holding(found, text)


def open_invoices() -> QuerySet[Invoice]:
    """Return what can still be paid: issued, owing more than is reserved, and read since it last changed."""
    return (
        Invoice.objects.filter(status__in=Invoice.OPEN, needs_reading=False, balance__gt=F("reserved"))
        .select_related("client", "instance")
        .prefetch_related("lines")
        .order_by("due_date", "pk")
    )


def find_invoices(
    *,
    text: str,
    amount: Decimal | None = None,
    currency: str = "",
    least: Decimal | None = None,
    most: Decimal | None = None,
    limit: int = 20,
) -> QuerySet[Invoice]:
    """Search the open invoices by any number, client, e-mail, domain or amount; those owing `amount` first.

    Shape: at most `limit`; every word of `text` must be found somewhere, whatever its accents and umlauts; `least` and
    `most` bound what is outstanding; with neither text nor bounds it finds by the amount alone.
    """
    found = open_invoices().annotate(known_as=_KNOWN_AS)
    for word in _words(text):
        found = found.filter(_invoice_has(word) | Q(known_as__contains=search_form(word)))
    if currency:
        found = found.filter(currency=currency)
    if least is not None:
        found = found.filter(balance__gte=F("reserved") + least)
    if most is not None:
        found = found.filter(balance__lte=F("reserved") + most)
    if amount is not None:
        if not text.strip() and least is None and most is None:
            found = found.filter(balance=F("reserved") + amount)
        is_equal = Case(
            When(balance=F("reserved") + amount, then=Value(0)), default=Value(1), output_field=IntegerField()
        )
        found = found.alias(order=is_equal).order_by("order", "due_date", "pk")
    return found[: max(1, min(limit, 200))]


def search_form(text: str) -> str:
    """Return the text as names are compared: upper case, no accents, umlauts as their bare vowel.

    Shape: the same as `_SearchForm` makes of a column.
    """
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    plain = bare.translate(_LETTERS).upper()
    for pair, vowel in _UMLAUTS:
        plain = plain.replace(pair, vowel)
    return plain


class _SearchForm(Func):
    """The search form of a column; PostgreSQL normalises by itself, so no extension is needed."""

    template = (
        "replace(replace(replace(replace(upper(translate(regexp_replace(normalize(%(expressions)s, NFKD), "
        "'[\u0300-\u036f]', '', 'g'), 'łŁøØđĐ', 'lLoOdD')), 'ß', 'SS'), 'AE', 'A'), 'OE', 'O'), 'UE', 'U')"
    )
    output_field = TextField()


_SPACE = Value(" ")
_KNOWN_AS = _SearchForm(
    Concat(
        *("client__first_name", _SPACE, "client__last_name", _SPACE, "client__company_name", _SPACE, "client__email"),
        # The number as people type it: without what separates its parts.
        *(_SPACE, Replace(Replace(Replace("number", Value("-")), Value("/")), Value("."))),
    )
)


def invoice_with_history(*, public_id: uuid.UUID) -> Invoice | None:
    """Return an invoice with client, lines, WHMCS's bookings and its postings with their moves."""
    moves = Prefetch("transitions", queryset=PostingTransition.objects.order_by("sequence"))
    return (
        Invoice.objects.select_related("client", "instance")
        .prefetch_related(
            Prefetch("lines", queryset=InvoiceLine.objects.order_by("whmcs_id")),
            Prefetch("transactions", queryset=WhmcsTransaction.objects.order_by("whmcs_id")),
            Prefetch("postings", queryset=postings_within_reach().order_by("pk").prefetch_related(moves)),
        )
        .filter(public_id=public_id)
        .first()
    )


def postings_within_reach() -> QuerySet[Posting]:
    """Return the postings of payments that the caller may see."""
    if reach.current().is_everything:
        return Posting.objects.all()
    # Which payment a posting is for is known by the match above it alone.
    mine = Posting.objects.filter(reach.by_account("invoicematch_set__bank_transaction__account"))
    return Posting.objects.filter(pk__in=mine.values("pk"))


def postings(*, states: Collection[str] = ()) -> QuerySet[Posting]:
    """Return postings of payments within reach, newest first, with invoice, client and WHMCS's booking."""
    found = postings_within_reach().select_related("invoice__client", "instance", "whmcs_transaction").order_by("-pk")
    return found.filter(state__in=states) if states else found


def posting_with_moves(*, public_id: uuid.UUID) -> Posting | None:
    """Return one posting with its history in order."""
    moves = Prefetch("transitions", queryset=PostingTransition.objects.order_by("sequence"))
    return postings().prefetch_related(moves).filter(public_id=public_id).first()


def postings_by_state() -> dict[str, int]:
    """Count the postings within reach of each state that occurs."""
    counted = postings_within_reach().order_by().values("state").annotate(count=Count("pk"))
    return {row["state"]: row["count"] for row in counted}


def postings_due(*, now: datetime) -> QuerySet[Posting]:
    """Return the postings that a worker should have taken by now; what waits for a pause to end is not due."""
    waits = Q(state__in=[Posting.State.QUEUED, Posting.State.RETRYABLE], instance__is_paused=False)
    in_hand = Q(state__in=[Posting.State.SENDING, Posting.State.UNKNOWN])
    return Posting.objects.filter(waits | in_hand, not_before__lte=now)


def open_totals() -> dict[str, Decimal]:
    """Sum what open invoices still owe beyond what is reserved, by currency."""
    rows = open_invoices().order_by().values("currency").annotate(sum=Sum(F("balance") - F("reserved")))
    return {row["currency"]: row["sum"] for row in rows}


def bookings_named(*, transaction_ids: Collection[str]) -> QuerySet[WhmcsTransaction]:
    """Return incoming bookings of WHMCS with one of these transaction ids, with their invoices."""
    found = WhmcsTransaction.objects.filter(transaction_id__in=[name for name in transaction_ids if name])
    return found.filter(amount_in__gt=0).select_related("invoice__client").order_by("pk")


def _words(text: str) -> list[str]:
    text = text.replace("\x00", "")[:_LONGEST_SEARCH].strip()
    # An amount as a page writes it holds spaces, and is one word.
    return [text] if meant_amounts(text) else text.split()[:_MOST_WORDS]


def _holding(found: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    for word in _words(text):
        found = found.filter(_invoice_has(word))
    return found


def _invoice_has(word: str) -> Q:
    line = InvoiceLine.objects.filter(invoice=OuterRef("pk"), description__icontains=word)
    condition = Q(number__icontains=word) | Q(other_numbers__overlap=[word, word.upper()])
    condition |= _client_has(word, "client__") | Q(Exists(line))
    digits = word.lstrip("#")
    if digits.isascii() and digits.isdigit() and len(digits) <= 18:
        condition |= Q(whmcs_id=int(digits))
    for amount in meant_amounts(word):
        condition |= Q(balance=amount) | Q(total=amount) | Q(balance=F("reserved") + amount)
    return condition


def _client_has(word: str, path: str) -> Q:
    names = ("first_name", "last_name", "company_name", "email")
    condition = Q()
    for name in names:
        condition |= Q(**{f"{path}{name}__icontains": word})
    if word.isascii() and word.isdigit() and len(word) <= 18:
        condition |= Q(**{f"{path}whmcs_id": int(word)})
    return condition
