"""Reads what the engine judges by: the whole book of a tenant, or the part that some payments ask for."""

from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from matching import adapters, look_ups
from matching.core.book import Book
from matching.core.names import NameIndex, read_words
from matching.core.partial import Amount, Keys, PartialBook
from matching.models import ClientDomain, ClientNames, NumberPrefix, PayerProfile
from payymo.shared.money import from_minor
from whmcs.models import Client, Invoice, WhmcsInstance

_MOST_PREFIXES = 2000
_MOST_EQUAL = 20_000
_PIECE = 5000
_DEBT = Q(status__in=Invoice.OPEN)
_OPEN = _DEBT & Q(needs_reading=False, is_mass_payment=False, balance__gt=F("reserved"))


def has_more_invoices_than(count: int) -> bool:
    """Whether the tenant has more invoices than this; takes no longer than counting so far."""
    return Invoice.objects.order_by("pk")[count : count + 1].exists()


def waits_for_look_ups() -> bool:
    """Whether an invoice changed that cannot be looked up yet as it is now."""
    return Invoice.objects.filter(matched_at=None).exists()


def whole_book(*, today: date) -> Book:
    """Read everything once, by cursors that stay on the server."""
    since = today - timedelta(days=adapters.REMEMBERED_DAYS)
    book = Book()
    book.numbers.prefixes.update(_prefixes())
    adapters.load_profiles(book.memory, PayerProfile.objects.order_by("pk").iterator(chunk_size=_PIECE))
    billed = Client.objects.filter(Exists(Invoice.objects.filter(client=OuterRef("pk")))).order_by("pk")
    for row in billed.values_list(*adapters.CLIENT_COLUMNS).iterator(chunk_size=_PIECE):
        book.add_client(adapters.client_of(row))
    for row in _known(since).order_by("pk").values_list(*adapters.INVOICE_COLUMNS).iterator(chunk_size=_PIECE):
        book.add_invoice(adapters.invoice_of(row))
    domains = ClientDomain.objects.filter(last_seen_date__gte=since).order_by("pk")
    for client_id, domain in domains.values_list("client_id", "domain").iterator(chunk_size=_PIECE):
        book.add_domain(client_id, domain)
    return book


def partial_book() -> PartialBook:
    """Begin a book with nothing but what holds for the tenant as a whole."""
    return PartialBook(_prefixes(), all_clients=ClientNames.objects.count())


def _prefixes() -> list[str]:
    return list(NumberPrefix.objects.order_by("prefix").values_list("prefix", flat=True)[:_MOST_PREFIXES])


def _known(since: date) -> "QuerySet[Invoice]":
    billed = Invoice.objects.exclude(status=Invoice.Status.DRAFT).filter(is_mass_payment=False)
    return billed.filter(_DEBT | Q(issue_date__gte=since))


class Reader:
    """Fetches what a partial book was asked for: a fixed number of queries for any number of keys."""

    def __init__(self, *, today: date) -> None:
        self._since = today - timedelta(days=adapters.REMEMBERED_DAYS)

    def fetch(self, book: PartialBook, keys: Keys) -> None:
        """Add to the book what `keys` lead to, complete for each key."""
        _count_equal(book, keys.counts)
        _take_names(book, keys.names)
        invoices = look_ups.numbered(keys.whole_numbers, is_running=False)
        invoices |= look_ups.numbered(keys.running_numbers, is_running=True) | look_ups.one_slip_away(keys.slips)
        invoices |= look_ups.open_of(keys.open_of) | look_ups.last_closed(keys.closed_of, self._since)
        invoices |= _owing(keys.amounts)
        clients = self._take_invoices(book, invoices - book.debts.keys())
        clients |= _keyed(keys) | self._take_domains(book, keys) | _take_payers(book, keys)
        for client in look_ups.clients(clients - book.clients.keys()):
            book.add_client(client)

    def _take_invoices(self, book: PartialBook, ids: set[int]) -> set[int]:
        clients: set[int] = set()
        for invoice in look_ups.invoices(ids, self._since):
            book.add_invoice(invoice)
            clients.add(invoice.client_id)
        return clients

    def _take_domains(self, book: PartialBook, keys: Keys) -> set[int]:
        found = look_ups.clients_by_domain(keys.domains, self._since)
        stems = keys.stems | look_ups.longer_stems(keys.cut_stems, self._since)
        found |= look_ups.clients_by_stem(stems, self._since)
        for client_id, domain in sorted(found):
            book.add_domain(client_id, domain)
        return {client_id for client_id, _ in found}


def _owing(amounts: set[Amount]) -> set[int]:
    if not amounts:
        return set()
    return set(_of_amounts(amounts).order_by("pk").values_list("pk", flat=True)[:_MOST_EQUAL])


def _count_equal(book: PartialBook, amounts: set[Amount]) -> None:
    if not amounts:
        return
    counted = _of_amounts(amounts).values_list("currency", "owed").annotate(count=Count("pk")).order_by()
    for currency, owed, count in counted:
        book.know_equal(currency, adapters.to_minor(owed, currency), count)


def _of_amounts(amounts: set[Amount]) -> "QuerySet[Invoice]":
    by_currency: dict[str, list[Decimal]] = {}
    for currency, amount in sorted(amounts):
        by_currency.setdefault(currency, []).append(from_minor(amount, currency))
    wanted = Q()
    for currency, values in by_currency.items():
        wanted |= Q(currency=currency, owed__in=values)
    return Invoice.objects.annotate(owed=F("balance") - F("reserved")).filter(_OPEN, wanted)


def _keyed(keys: Keys) -> set[int]:
    """The clients whose own number or address this is."""
    found: set[int] = set()
    if keys.client_numbers:
        numbers = sorted(int(number) for number in keys.client_numbers if len(number) <= 18)
        instances = list(WhmcsInstance.objects.values_list("pk", flat=True))
        found.update(Client.objects.filter(instance__in=instances, whmcs_id__in=numbers).values_list("pk", flat=True))
    if keys.emails:
        found.update(ClientNames.objects.filter(email__in=sorted(keys.emails)).values_list("pk", flat=True))
    return found


def _take_payers(book: PartialBook, keys: Keys) -> set[int]:
    payers = set(keys.payers)
    if keys.companions:
        shared = Q()
        for kind in {kind for kind, _ in keys.companions}:
            shared |= Q(kind=kind, client__in=sorted(client for one, client in keys.companions if one == kind))
        payers |= set(PayerProfile.objects.filter(shared).values_list("kind", "key"))
    wanted = Q()
    for kind in {kind for kind, _ in payers}:
        wanted |= Q(kind=kind, key__in=sorted(key for one, key in payers if one == kind))
    return adapters.load_profiles(book.memory, PayerProfile.objects.filter(wanted).order_by("pk")) if payers else set()


def _take_names(book: PartialBook, texts: set[str]) -> None:
    """Take up the clients that a name in these texts can mean, by the rule of the whole book."""
    if not texts:
        return
    read = [read_words(text) for text in texts]
    every, damaged, cut = (set().union(*(words[place] for words in read)) for place in range(3))
    reached = look_ups.words_near(every, damaged, cut)
    book.know_words(reached, reached=True)
    index = NameIndex()
    index.know(reached, clients=book.all_clients)
    followed = {word for text in texts for word in index.followed(text)}
    words: set[str] = set()
    for client_id, person, company in look_ups.carriers(followed):
        book.names.add_forms(client_id, (person, company))
        words.update(person, company)
    book.know_words(look_ups.carriers_of(words), reached=False)
