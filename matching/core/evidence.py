"""Collects, once per receipt, everything in it that points to an invoice or a client."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from matching.core.book import Book
from matching.core.hits import STRONG, Grade, Hit, add_hit, read_cut_numbers, read_numbers, read_structured
from matching.core.lexicon import CHARGE_WORDS, NOISE_PHRASES, NOISE_WORDS, Noise
from matching.core.memory import NOBODY, payer_key, payer_name_key, repeated_text_key
from matching.core.names import NameHit
from matching.core.normalise import Folded, fold, fold_with_offsets
from matching.core.numbers import digits_of
from matching.core.quotes import Label, Quote, read_quotes, texts_of
from matching.core.types import Receipt, Source, Span

_MOST_CLIENTS = 14
_MOST_PAID_FOR = 40
_LONGEST_NAMED = 300
_LEAST_PAST = 0.05
_NAMED_FIELDS = ("remittance_information", "structured_reference", "description")
_DIALECT_NAME = re.compile(r"(?:NAAM|NAME|NOM|AUFTRAGGEBER)\s*:\s*([^|\n/:]{3,70}?)(?=\s+[A-Z]{4,}\s*:|[|\n/]|$)")
_WEB_WORD = re.compile(r"[A-Z0-9](?:[A-Z0-9-]*[A-Z0-9])?(?:\.[A-Z0-9-]+)*")


class ClientEvidence:
    """What points to one client. Shares lie in 0..1; -1 says that the payer was never seen.

    Shape: most of these are made to be left out again, so what is not known is held by the class alone.
    """

    name: float = 0.0
    name_tied: bool = False
    name_hit: NameHit | None = None
    text_name: float = 0.0
    text_field: str = ""
    text_hit: NameHit | None = None
    account: float = -1.0
    payer: float = -1.0
    same_text: float = -1.0
    times: float = 0.0
    number: str = ""
    number_span: Span | None = None
    domain: str = ""
    domain_span: Span | None = None
    email: str = ""
    rejected: bool = False


# What stands for a client whom only the past points to, until it is known to be among those that are kept.
_ONLY_PAID_FOR = ClientEvidence()


@dataclass(frozen=True, slots=True)
class NamedIn:
    """The words that state the payer's name: a part of a field, from `start` of the folded field on."""

    field: str
    words: str
    text: Folded
    start: int = 0


@dataclass(slots=True)
class Evidence:
    """Everything a receipt says, seen with the eyes of the book.

    Shape: `together` is for how many clients its payer once paid on one day.
    """

    receipt: Receipt
    hits: dict[int, Hit] = field(default_factory=dict)
    clients: dict[int, ClientEvidence] = field(default_factory=dict)
    known_account: Mapping[int, float] = field(default_factory=dict)
    known_payer: Mapping[int, float] = field(default_factory=dict)
    known_text: Mapping[int, float] = field(default_factory=dict)
    together: int = 0
    noise: frozenset[Noise] = frozenset()
    charges_deducted: bool = False
    cut_off: bool = False
    quotes: list[Quote] = field(default_factory=list)
    named_in: NamedIn | None = None

    def hits_of(self, client_id: int) -> list[Hit]:
        """Invoices of one client that the text names."""
        return [hit for hit in self.hits.values() if hit.debt.client_id == client_id]


def amounts_of(receipt: Receipt) -> dict[str, int]:
    """What arrived by currency: as booked and, when the bank says so, as the payer sent it."""
    amounts = {receipt.currency: receipt.amount_minor}
    if receipt.instructed_amount_minor and receipt.instructed_currency:
        amounts.setdefault(receipt.instructed_currency, receipt.instructed_amount_minor)
    return amounts


def gather(receipt: Receipt, book: Book) -> Evidence:
    """Read `receipt` against `book`; no decision is made here."""
    found = Evidence(receipt)
    memory, on = book.memory, receipt.booking_date
    found.known_account = memory.accounts.get(receipt.counterparty_account, on)
    found.known_payer = memory.names.get(payer_name_key(receipt), on)
    found.known_text = memory.texts.get(repeated_text_key(receipt), on)
    if max(len(found.known_account), len(found.known_payer)) > 1:
        found.together = max(
            memory.accounts.together(receipt.counterparty_account), memory.names.together(payer_name_key(receipt))
        )
    texts = texts_of(receipt)
    for name, text in texts.items():
        found.quotes.extend(read_quotes(name, text, on, book.numbers.prefixes))
    _read_metadata(found, book)
    _read_names(found, book, texts)
    _read_client_numbers(found, book)
    _read_domains(found, book, texts)
    _read_past(found, book)
    structured = read_structured(found.hits, book, texts)
    if structured:
        found.quotes = [quote for quote in found.quotes if (quote.field, quote.start) not in structured]
    read_numbers(found.hits, found.quotes, book, found.clients, amounts_of(receipt), texts)
    found.cut_off = is_cut_off(receipt)
    _read_noise(found, texts)
    _keep_best(found, book)
    read_cut_numbers(found.hits, found.quotes, book, found.clients, texts)
    found.hits = dict(sorted(found.hits.items()))
    return found


def is_cut_off(receipt: Receipt) -> bool:
    """Whether a bank's text stops in the middle of a number or a list."""
    text = receipt.remittance_information.rstrip()
    return receipt.source is Source.BANK and len(text) >= 12 and (text[-1] in ",;/&+-" or text[-1].isdigit())


def _client(found: Evidence, client_id: int) -> ClientEvidence:
    client = found.clients.get(client_id)
    if client is None or client is _ONLY_PAID_FOR:
        client = found.clients[client_id] = ClientEvidence()
    return client


def _read_metadata(found: Evidence, book: Book) -> None:
    for key, value in sorted(found.receipt.metadata.items()):
        name, digits = key.lower(), digits_of(value)
        if not digits or len(value) > 64:
            continue
        quote = Quote(digits, f"metadata.{key}", 0, len(value), Label.INVOICE, 1, True, False, True, False)
        if any(word in name for word in ("client", "customer", "user")):
            client_id = book.client_of_number(digits) if digits == value.strip() else None
            if client_id is not None:
                _client(found, client_id).number = "labelled"
            continue
        debts = [book.debts[invoice_id] for invoice_id in book.numbers.whole(digits)]
        by_id = [debt for debt in debts if debt.numbers[-1] == digits]
        wanted = by_id if by_id and "id" in re.split(r"[^a-z]+", name) else debts
        for debt in wanted[-12:]:
            add_hit(found.hits, debt, Grade.METADATA, quote)


def _read_names(found: Evidence, book: Book, texts: dict[str, str]) -> None:
    stated = _stated_name(found.receipt, texts)
    if stated is not None:
        found.named_in = stated
        _take_names(found, book.names.find(stated.words, in_text=False))
    for key in _NAMED_FIELDS:
        text = texts.get(key, "")[:_LONGEST_NAMED]
        if text:
            for hit in book.names.find(fold_with_offsets(text).text, in_text=True):
                client = _client(found, hit.client_id)
                if hit.score > client.text_name:
                    client.text_name, client.text_hit, client.text_field = hit.score, hit, key


def _stated_name(receipt: Receipt, texts: dict[str, str]) -> NamedIn | None:
    name = fold_with_offsets(receipt.counterparty_name[:_LONGEST_NAMED])
    if name.text:
        return NamedIn("counterparty_name", name.text, name)
    text = fold_with_offsets(texts.get("remittance_information", "")[:1000])
    stated = _DIALECT_NAME.search(text.text)
    return NamedIn("remittance_information", stated.group(1), text, stated.start(1)) if stated else None


def _take_names(found: Evidence, hits: Sequence[NameHit]) -> None:
    for place, hit in enumerate(hits):
        client = _client(found, hit.client_id)
        client.name, client.name_hit = hit.score, hit
        # Hits fall in score, so only neighbours can be tied.
        before = place > 0 and hits[place - 1].score >= hit.score - 0.02
        client.name_tied = before or (place + 1 < len(hits) and hits[place + 1].score >= hit.score - 0.02)


def name_spans(found: Evidence, book: Book, client: ClientEvidence) -> list[Span]:
    """Where the payer's name says the client's."""
    stated, hit = found.named_in, client.name_hit
    if stated is None or hit is None:
        return []
    places = book.names.places(stated.words, hit, in_text=False)
    return [
        Span(stated.field, *stated.text.original(stated.start + start, stated.start + end)) for start, end in places
    ]


def text_spans(found: Evidence, book: Book, client: ClientEvidence) -> list[Span]:
    """Where a text says the client's name."""
    hit, field_name = client.text_hit, client.text_field
    if hit is None:
        return []
    text = fold_with_offsets(texts_of(found.receipt)[field_name][:_LONGEST_NAMED])
    places = book.names.places(text.text, hit, in_text=True)
    return [Span(field_name, *text.original(start, end)) for start, end in places]


def _read_client_numbers(found: Evidence, book: Book) -> None:
    for quote in found.quotes:
        if quote.groups > 1 or not quote.whole or len(quote.digits) > 9 or quote.repaired:
            continue
        client_id = book.client_of_number(quote.digits)
        if client_id is None:
            continue
        grade = "labelled" if quote.label is Label.CLIENT else "bare" if quote.label is Label.NONE else ""
        if grade == "labelled" or (grade and len(quote.digits) >= 3 and not quote.date_like):
            client = _client(found, client_id)
            if client.number != "labelled":
                client.number = grade
                client.number_span = Span(quote.field, quote.start, quote.end)


def _read_domains(found: Evidence, book: Book, texts: dict[str, str]) -> None:
    receipt = found.receipt
    if receipt.email:
        for client_id in book.clients_of_email(receipt.email):
            _client(found, client_id).email = "same"
        for client_id in book.clients_of_domain(fold(receipt.email.rsplit("@", 1)[-1])):
            client = _client(found, client_id)
            client.email = client.email or "domain"
    for key in ("remittance_information", "structured_reference", "description"):
        folded = fold_with_offsets(texts.get(key, "")[:300])
        for word in list(_WEB_WORD.finditer(folded.text))[:60]:
            text = word.group().removeprefix("WWW.")
            if len(text) >= 5:
                at_end = word.end() >= len(folded.text.rstrip(" .")) and len(folded.text) >= 16
                span = Span(key, *folded.original(word.start(), word.end()))
                _take_domain(found, book, text, at_end, span)


def _take_domain(found: Evidence, book: Book, text: str, at_end: bool, span: Span) -> None:
    stem = text.split(".")[0]
    for grade, clients in (
        ("full", book.clients_of_domain(text) if "." in text else set()),
        ("stem", book.clients_of_stem(stem, cut=False) if len(stem) >= 6 else set()),
        ("cut", book.clients_of_stem(stem, cut=True) if at_end and len(stem) >= 7 and "." not in text else set()),
    ):
        for client_id in clients:
            client = _client(found, client_id)
            if not client.domain:
                client.domain, client.domain_span = grade, span
        if clients:
            return


def _read_past(found: Evidence, book: Book) -> None:
    for counts in (found.known_account, found.known_payer, found.known_text):
        foremost: Iterable[int] = counts
        if len(counts) > _MOST_PAID_FOR:
            foremost = sorted(counts, key=lambda client: (-counts[client], client))[:_MOST_PAID_FOR]
        for client_id in foremost:
            if client_id != NOBODY and client_id in book.clients and client_id not in found.clients:
                found.clients[client_id] = _ONLY_PAID_FOR
    key = payer_key(found.receipt)
    for client_id in book.memory.rejected_of(key, found.clients, found.receipt.booking_date):
        _client(found, client_id).rejected = True


def _read_noise(found: Evidence, texts: dict[str, str]) -> None:
    text = fold(" ".join(texts.values()) + " " + found.receipt.counterparty_name)
    words = set(re.findall(r"[A-Z]+", text))
    found.charges_deducted = bool(words & CHARGE_WORDS)
    noise = {kind for kind, known in NOISE_WORDS.items() if words & known}
    noise |= {kind for kind, phrases in NOISE_PHRASES.items() if any(phrase in text for phrase in phrases)}
    found.noise = frozenset(noise)


def _keep_best(found: Evidence, book: Book) -> None:
    """Keep the clients most worth a look, with what past payments say about each."""
    clients = found.clients
    named = _named(found)
    for client_id in named:
        _client(found, client_id)
    amounts = amounts_of(found.receipt)
    for currency, amount in amounts.items():
        few = found.receipt.source is Source.STRIPE_CHARGE or len(clients) < 3
        if few and book.count_of_amount(currency, amount) <= 4:
            for invoice_id in sorted(book.open_of_amount(currency, amount)):
                _client(found, book.debts[invoice_id].client_id)
    worth = _worth_by_itself(clients)
    for client_id, more in named.items():
        worth[client_id] += more
    pasts = ((found.known_account, 4), (found.known_payer, 3), (found.known_text, 3))
    for counts, heavy in pasts:
        total = _enough(counts)
        for client_id, count in counts.items() if total else ():
            if client_id in worth:
                worth[client_id] += heavy * (count / total)
    owing = book.owing(clients, amounts)
    ranked = sorted((-value - (1.5 if client_id in owing else 0), client_id) for client_id, value in worth.items())
    found.clients = {client_id: _client(found, client_id) for _, client_id in ranked[:_MOST_CLIENTS]}
    _take_shares(found)


def _named(found: Evidence) -> dict[int, float]:
    """The clients of the debts that the text names, with what that is worth."""
    named: dict[int, float] = {}
    for hit in found.hits.values():
        worth = (4.0 if hit.grade in STRONG else 2.0) - (0 if hit.debt.outstanding else 1)
        named[hit.debt.client_id] = max(named.get(hit.debt.client_id, 0.0), worth)
    return named


def _worth_by_itself(clients: Mapping[int, ClientEvidence]) -> dict[int, float]:
    """What the words of a receipt make each client worth."""
    worth: dict[int, float] = {}
    for client_id, client in clients.items():
        if client is _ONLY_PAID_FOR:
            worth[client_id] = 0.0
            continue
        value = 4 * max(client.name, 0.8 * client.text_name)
        if client.number:
            value += 3 if client.number == "labelled" else 1
        if client.domain:
            value += 3
        if client.email:
            value += 4
        worth[client_id] = value
    return worth


def _enough(counts: Mapping[int, float]) -> float:
    """The sum of a payer's past; 0 when there is none to speak of."""
    total = sum(counts.values())
    return total if total > _LEAST_PAST else 0.0


def _take_shares(found: Evidence) -> None:
    """Note what part of a payer's past each client has."""
    accounts, payers, texts = found.known_account, found.known_payer, found.known_text
    of_account, of_payer, of_text = _enough(accounts), _enough(payers), _enough(texts)
    for client_id, client in found.clients.items():
        count, as_payer = accounts.get(client_id, 0.0), payers.get(client_id, 0.0)
        if of_account:
            client.account = count / of_account
        if of_payer:
            client.payer = as_payer / of_payer
        if of_text:
            client.same_text = texts.get(client_id, 0.0) / of_text
        client.times = max(count, as_payer)
