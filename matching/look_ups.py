"""Look-ups for many keys in one statement each, where every key has a bound of its own."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from django.db import connection

from matching import adapters
from matching.core import types as core
from matching.core.names import MOST_CARRIERS, MOST_LONGER, deletions
from matching.core.numbers import slips_of
from whmcs.models import Invoice

_MOST_OF_A_DOMAIN = 200
_MOST_NUMBERED = 20_000
_CLOSED = 24
_DEBTS = [str(status) for status in Invoice.OPEN]
_COLUMNS = ", ".join("i.id" if name == "pk" else f"i.{name}" for name in adapters.INVOICE_COLUMNS)


def _rows(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def numbered(digits: Collection[str], *, is_running: bool) -> set[int]:
    """The invoices with these digits: as a whole number, or as the part that counts up."""
    if not digits:
        return set()
    sql = """
        SELECT n.invoice_id FROM matching_invoicenumber n
        WHERE n.digits = ANY(%s::text[]) AND n.is_running = %s ORDER BY n.invoice_id DESC LIMIT %s"""
    return {key for (key,) in _rows(sql, [sorted(digits), is_running, _MOST_NUMBERED])}


def one_slip_away(digits: Collection[str]) -> set[int]:
    """The open invoices one of whose numbers is one slip away from one of these; a closed one is nobody's slip."""
    if not digits:
        return set()
    sql = """
        SELECT n.invoice_id FROM matching_invoicenumber n JOIN whmcs_invoice i ON i.id = n.invoice_id
        WHERE n.digits = ANY(%s::text[]) AND NOT n.is_running
          AND i.status = ANY(%s) AND NOT i.needs_reading AND i.balance > i.reserved
        ORDER BY n.invoice_id DESC LIMIT %s"""
    variants = set().union(*(slips_of(one) for one in digits))
    return {key for (key,) in _rows(sql, [sorted(variants), _DEBTS, _MOST_NUMBERED])}


def open_of(client_ids: Collection[int]) -> set[int]:
    """The open debts of these clients."""
    if not client_ids:
        return set()
    sql = """
        SELECT i.id FROM whmcs_invoice i
        WHERE i.client_id = ANY(%s) AND i.status = ANY(%s) AND NOT i.needs_reading AND i.balance > i.reserved
          AND NOT i.is_mass_payment"""
    return {key for (key,) in _rows(sql, [sorted(client_ids), _DEBTS])}


def invoices(ids: Collection[int], since: date) -> Iterator[core.OpenInvoice]:
    """Those of these invoices that a whole book holds, in order of their keys."""
    if ids:
        sql = f"""
            SELECT {_COLUMNS} FROM whmcs_invoice i WHERE i.id = ANY(%s) AND i.status <> 'Draft'
              AND NOT i.is_mass_payment AND (i.status = ANY(%s) OR i.issue_date >= %s) ORDER BY i.id"""  # noqa: S608 - our own names  # nosec B608
        yield from map(adapters.invoice_of, _rows(sql, [sorted(ids), _DEBTS, since]))


def clients(ids: Collection[int]) -> Iterator[core.Client]:
    """Those of these clients that have an invoice, in order of their keys."""
    if ids:
        sql = """
            SELECT c.id, c.whmcs_id, c.first_name, c.last_name, c.company_name, c.email, c.country
            FROM whmcs_client c JOIN matching_clientnames n ON n.client_id = c.id WHERE c.id = ANY(%s) ORDER BY c.id"""
        yield from map(adapters.client_of, _rows(sql, [sorted(ids)]))


def carriers_of(words: Collection[str]) -> dict[str, int]:
    """How many clients carry each of these words in their names."""
    if not words:
        return {}
    sql = "SELECT word, carriers FROM matching_nameword WHERE word = ANY(%s::text[])"
    return {word: carriers for word, carriers in _rows(sql, [sorted(words)])}


def last_closed(client_ids: Collection[int], since: date) -> set[int]:
    """The debts of each client that a whole book keeps as closed last."""
    if not client_ids:
        return set()
    sql = """
        SELECT closed.id FROM unnest(%s) AS wanted(client_id) CROSS JOIN LATERAL (
            SELECT i.id FROM whmcs_invoice i
            WHERE i.client_id = wanted.client_id AND i.status <> 'Draft' AND NOT i.is_mass_payment
              AND (i.status = ANY(%s) OR i.issue_date >= %s)
              AND NOT (i.status = ANY(%s) AND NOT i.needs_reading AND i.balance > i.reserved)
            ORDER BY COALESCE((i.paid_at AT TIME ZONE 'UTC')::date, i.issue_date, i.due_date,
                              (i.synced_at AT TIME ZONE 'UTC')::date) DESC, i.id DESC
            LIMIT %s
        ) AS closed"""
    return {key for (key,) in _rows(sql, [sorted(client_ids), _DEBTS, since, _DEBTS, _CLOSED])}


def words_near(every: Collection[str], damaged: Collection[str], cut: Collection[str]) -> dict[str, int]:
    """The words of names that these may stand for, with their carriers: as they are, one letter off, or longer."""
    sql = """
        SELECT word, carriers FROM matching_nameword WHERE word = ANY(%s::text[]) AND carriers > 0
        UNION SELECT word, carriers FROM matching_nameword WHERE shortened && %s::text[] AND carriers > 0
        UNION SELECT longer.word, longer.carriers FROM unnest(%s::text[]) AS wanted(word) CROSS JOIN LATERAL (
            SELECT n.word, n.carriers FROM matching_nameword n
            WHERE n.word >= wanted.word COLLATE "C" AND n.word < (wanted.word || '~') COLLATE "C" AND n.carriers > 0
            ORDER BY n.word LIMIT %s
        ) AS longer"""
    off = sorted({variant for word in damaged for variant in deletions(word)})
    return {word: carriers for word, carriers in _rows(sql, [sorted(every), off, sorted(cut), MOST_LONGER])}


def carriers(words: Collection[str]) -> list[tuple[int, list[str], list[str]]]:
    """The clients that carry one of these words, with the words of their names."""
    if not words:
        return []
    sql = """
        SELECT n.client_id, n.person, n.company FROM matching_clientnames n WHERE n.client_id IN (
            SELECT few.client_id FROM unnest(%s::text[]) AS wanted(word) CROSS JOIN LATERAL (
                SELECT w.client_id FROM matching_clientword w WHERE w.word = wanted.word COLLATE "C"
                ORDER BY w.client_id LIMIT %s
            ) AS few
        ) ORDER BY n.client_id"""
    return _rows(sql, [sorted(words), MOST_CARRIERS])  # type: ignore[return-value]


def clients_by_domain(domains: Collection[str], since: date) -> set[tuple[int, str]]:
    """Clients billed for these domains; of one that many share, enough to see that it tells nothing."""
    sql = """
        SELECT few.client_id, few.domain FROM unnest(%s::text[]) AS wanted(domain) CROSS JOIN LATERAL (
            SELECT d.client_id, d.domain FROM matching_clientdomain d
            WHERE d.domain = wanted.domain COLLATE "C" AND d.last_seen_date >= %s ORDER BY d.client_id LIMIT %s
        ) AS few"""
    return _domains(sql, domains, since)


def clients_by_stem(stems: Collection[str], since: date) -> set[tuple[int, str]]:
    """Clients billed for domains of these names, as above."""
    sql = """
        SELECT few.client_id, few.domain FROM unnest(%s::text[]) AS wanted(stem) CROSS JOIN LATERAL (
            SELECT d.client_id, d.domain FROM matching_clientdomain d
            WHERE d.stem = wanted.stem COLLATE "C" AND d.last_seen_date >= %s ORDER BY d.client_id LIMIT %s
        ) AS few"""
    return _domains(sql, stems, since)


def _domains(sql: str, keys: Collection[str], since: date) -> set[tuple[int, str]]:
    if not keys:
        return set()
    return {(client_id, domain) for client_id, domain in _rows(sql, [sorted(keys), since, _MOST_OF_A_DOMAIN])}


def longer_stems(stems: Collection[str], since: date) -> set[str]:
    """The first names of domains that begin with each of these."""
    if not stems:
        return set()
    sql = """
        SELECT longer.stem FROM unnest(%s::text[]) AS wanted(stem) CROSS JOIN LATERAL (
            SELECT DISTINCT d.stem FROM matching_clientdomain d
            WHERE d.stem >= wanted.stem COLLATE "C" AND d.stem < (wanted.stem || '~') COLLATE "C"
              AND d.last_seen_date >= %s
            ORDER BY d.stem LIMIT 20
        ) AS longer"""
    return {stem for (stem,) in _rows(sql, [sorted(stems), since])}
