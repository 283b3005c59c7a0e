"""`manage.py explain_match --tenant SLUG ID [--json]`."""

import json
import uuid
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from matching.locks import UnknownReceipt
from matching.services import explaining
from payymo.shared.errors import DomainError
from tenants import context
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Print everything that is known about one payment."""

    help = "Print the trail of a payment: what arrived, the suggestions and why, rules, decisions, matches, postings."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("id", help="the id of a bank transaction or a charge")
        parser.add_argument("--json", action="store_true", help="print it as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            receipt_id = uuid.UUID(options["id"])
        except ValueError as error:
            raise CommandError(f"{options['id']!r} is not an id.", returncode=2) from error
        try:
            with context.inside(find_tenant(slug=options["tenant"])):
                trail = explaining.trail(receipt_id)
        except UnknownReceipt as error:
            raise CommandError(f"There is no payment {receipt_id}.", returncode=2) from error
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(trail, ensure_ascii=False) if options["json"] else "\n".join(_lines(trail)))


def _lines(trail: dict[str, Any]) -> Iterator[str]:
    receipt = trail["receipt"]
    yield f"{receipt['amount']} {receipt['currency']} from {receipt['payer'] or 'nobody named'}, {receipt['day']}"
    yield f"  state {receipt['state']} {receipt['ignored_reason']}".rstrip()
    for field in ("remittance_information", "structured_reference", "end_to_end_id", "description", "email"):
        if receipt.get(field):
            yield f"  {field}: {receipt[field]}"
    if not trail["suggestions"] and not receipt["looked_at"]:
        yield "Not looked at yet."
    for each in trail["suggestions"]:
        yield from _suggestion(each)
    for fact in trail["why_none"]:
        yield f"  {fact['text']}"
    for each in trail["decisions"]:
        undone = " (undone)" if each["undone"] else ""
        yield f"{each['at']} {each['kind']} by {each['by'] or each['source']} {each['reason']}".rstrip() + undone
    for each in trail["matches"]:
        yield from _match(each)


def _suggestion(each: dict[str, Any]) -> Iterator[str]:
    if not each["lines"]:
        yield f"No suggestion: {each['none_reason']}"
    else:
        lines = ", ".join(_amount(line) for line in each["lines"])
        yield f"{each['rank']}. {lines}, {each['client']}: {each['band']} {each['probability']:.4f} ({each['kind']})"
    notes = [name for name, holds in (("tie", each["is_tie"]), ("may go alone", each["is_certain"])) if holds]
    if notes or (each["lines"] and each["none_reason"]):
        yield f"     {', '.join([*notes, each['none_reason']]).strip(', ')}"
    for sign, reasons in (("+", each["reasons"]), ("-", each["why_not"])):
        for reason in reasons:
            quoted = " ".join(f"“{span['text']}”" for span in reason["spans"] if span["text"])
            values = ", ".join(f"{name} {value}" for name, value in reason["values"].items())
            details = " ".join(part for part in (quoted, f"({values})" if values else "") if part)
            yield f"   {sign} {reason['weight']:+.2f} {reason['code']} {details}".rstrip()
    for rule in each["rules"]:
        yield f"   rule “{rule['name']}”: {rule['action']}"
    if each["rival"]:
        against = "settling nothing" if each["rival"]["rank"] == 0 else f"suggestion {each['rival']['rank']}"
        behind = ", ".join(f"{one['code']} {one['weight']:+.2f}" for one in each["rival"]["behind"]) or "nothing much"
        yield f"   against {against} ({each['rival']['probability']:.4f}): decided by {behind}"


def _amount(line: dict[str, Any]) -> str:
    fee = f" + fee {line['fee']}" if line["fee"].strip("-0.") else ""
    return f"{line['invoice']} {line['amount']}{fee} {line['currency']}"


def _match(each: dict[str, Any]) -> Iterator[str]:
    yield f"{'Reversed' if each['reverses'] else 'Matched'}: {_amount(each)}"
    if posting := each["posting"]:
        yield f"   posting {posting['transaction_id']}: {posting['state']} {posting['last_error']}".rstrip()
        for move in posting["moves"]:
            yield f"     {move['at']} {move['to']} {move['reason']}".rstrip()
