"""Keeps what `books` looks up in step with the mirror: the numbers, names and domains of new and changed invoices."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db import connection, transaction

from matching import adapters
from matching.core.book import domains_in, stem_of
from matching.core.names import deletions, forms_of
from matching.core.numbers import keys_of, prefix_of, running_part
from matching.models import ClientNames, ClientWord, InvoiceNumber, NameWord, NumberPrefix
from payymo.shared.copying import copy_rows
from tenants.jobs import lock_key
from whmcs.models import Client, Invoice, InvoiceLine

_BATCH = 1000
_SHORTEST_DAMAGED = 5


@transaction.atomic
def take_up(invoices: Sequence[Invoice]) -> None:
    """Write down under what these invoices and their clients are found; the same again changes nothing.

    Shape: one at a time for a tenant, so that counts are right; a second one waits for the first.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_key("look-ups")])
    _take_numbers(invoices)
    _take_clients({invoice.client_id for invoice in invoices})
    _take_domains(invoices)


def _take_numbers(invoices: Iterable[Invoice]) -> None:
    wanted: dict[int, set[tuple[str, bool]]] = {}
    prefixes: set[str] = set()
    for invoice in invoices:
        numbers = adapters.numbers_of(invoice.number, invoice.whmcs_id, invoice.other_numbers)
        prefixes.update(prefix_of(number) for number in numbers)
        whole = {(key, False) for number in numbers for key in keys_of(number)}
        wanted[invoice.pk] = whole | {(running_part(number), True) for number in numbers} - {("", True)}
    held: dict[int, dict[tuple[str, bool], int]] = {}
    rows = InvoiceNumber.objects.filter(invoice__in=sorted(wanted))
    for key, invoice_id, digits, is_running in rows.values_list("pk", "invoice_id", "digits", "is_running"):
        held.setdefault(invoice_id, {})[digits, is_running] = key
    gone = [key for invoice_id, known in held.items() for one, key in known.items() if one not in wanted[invoice_id]]
    if gone:
        InvoiceNumber.objects.filter(pk__in=gone).delete()
    new = [
        InvoiceNumber(invoice_id=invoice_id, digits=digits, is_running=is_running)
        for invoice_id, keys in wanted.items()
        for digits, is_running in sorted(keys - held.get(invoice_id, {}).keys())
    ]
    copy_rows(InvoiceNumber, new)
    NumberPrefix.objects.bulk_create(
        [NumberPrefix(prefix=prefix) for prefix in sorted(prefixes - {""})], ignore_conflicts=True
    )


def _take_clients(client_ids: set[int]) -> None:
    ids = sorted(client_ids)
    known = {row.pk: row for row in ClientNames.objects.filter(pk__in=ids)}
    changed: list[ClientNames] = []
    for row in Client.objects.filter(pk__in=ids).order_by("pk").values_list(*adapters.CLIENT_COLUMNS):
        client = adapters.client_of(row)
        person, company = forms_of(client)
        names = ClientNames(client_id=client.id, person=list(person), company=list(company), email=client.email.lower())
        if client.id not in known or _values(known[client.id]) != _values(names):
            changed.append(names)
    if changed:
        _replace_words(changed, [known[names.pk] for names in changed if names.pk in known])
        ClientNames.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["client"],
            update_fields=["person", "company", "email"],
            batch_size=_BATCH,
        )


def _values(names: ClientNames) -> tuple[Any, ...]:
    return names.person, names.company, names.email


def _words(rows: Iterable[ClientNames]) -> set[tuple[int, str]]:
    return {(row.pk, word) for row in rows for word in (*row.person, *row.company)}


def _replace_words(changed: list[ClientNames], before: list[ClientNames]) -> None:
    old, new = _words(before), _words(changed)
    ClientWord.objects.filter(client__in=sorted({client_id for client_id, _ in old - new})).delete()
    gone_clients = {client_id for client_id, _ in old - new}
    added = sorted(pair for pair in new if pair not in old or pair[0] in gone_clients)
    copy_rows(ClientWord, (ClientWord(client_id=client_id, word=word) for client_id, word in added))
    moved = Counter(word for _, word in new - old)
    moved.subtract(word for _, word in old - new)
    NameWord.objects.bulk_create(
        [
            NameWord(word=word, shortened=sorted(deletions(word)) if len(word) >= _SHORTEST_DAMAGED else [])
            for word in sorted({word for _, word in new})
        ],
        ignore_conflicts=True,
        batch_size=_BATCH,
    )
    _move_counts({word: by for word, by in moved.items() if by})


def _move_counts(moved: dict[str, int]) -> None:
    words = sorted(moved)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE matching_nameword n SET carriers = GREATEST(0, n.carriers + moved.by)
               FROM unnest(%s::text[], %s::integer[]) AS moved(word, by) WHERE n.word = moved.word COLLATE "C" """,
            [words, [moved[word] for word in words]],
        )


def recount_words() -> int:
    """Count the carriers of every word again, for clients that were deleted; return how many counts were off."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE matching_nameword n SET carriers = COALESCE(counted.carriers, 0)
               FROM matching_nameword every LEFT JOIN (
                   SELECT word, count(*) AS carriers FROM matching_clientword GROUP BY word
               ) AS counted ON counted.word = every.word
               WHERE n.word = every.word AND n.carriers <> COALESCE(counted.carriers, 0)"""
        )
        return int(cursor.rowcount)


def _take_domains(invoices: Sequence[Invoice]) -> None:
    issued = {invoice.pk: (invoice.client_id, _issued(invoice)) for invoice in invoices}
    seen: dict[tuple[int, str], date] = {}
    lines = InvoiceLine.objects.filter(invoice__in=sorted(issued), description__contains=".")
    for invoice_id, text in lines.values_list("invoice_id", "description"):
        client_id, day = issued[invoice_id]
        for domain in domains_in(text):
            key = (client_id, domain)
            seen[key] = max(seen.get(key, day), day)
    if not seen:
        return
    pairs = sorted(seen)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO matching_clientdomain (client_id, domain, stem, last_seen_date)
               SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::date[])
               ON CONFLICT (domain, client_id) DO UPDATE
               SET last_seen_date = GREATEST(matching_clientdomain.last_seen_date, EXCLUDED.last_seen_date)""",
            [
                [client_id for client_id, _ in pairs],
                [domain for _, domain in pairs],
                [stem_of(domain) for _, domain in pairs],
                [seen[pair] for pair in pairs],
            ],
        )


def _issued(invoice: Invoice) -> date:
    return invoice.issue_date or invoice.due_date or invoice.synced_at.date()


def take_up_waiting(*, limit: int = 2000) -> bool:
    """Take up new and changed invoices, up to a number of them; return whether all are taken up now."""
    waiting = list(Invoice.objects.filter(matched_at=None).order_by("pk")[:limit])
    if waiting:
        take_up(waiting)
    return len(waiting) < limit
