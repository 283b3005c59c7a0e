"""Proving the log, writing its head down elsewhere, and taking a copy along."""

import json
import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

from django.db import transaction

from payymo.audit import selectors
from payymo.audit.models import AuditLink
from payymo.shared.audit_chain import Anchor, ChainRecord, Verdict, verify_chain
from payymo.shared.errors import BadInput
from tenants import context
from tenants.models import AuditAnchor, PlatformAnchor, PlatformEntry, PlatformLink

logger = logging.getLogger(__name__)

_TEXTS = ("public_id", "action", "actor_kind", "actor_id", "object_type", "object_id", "request_id", "details")


class Lines(Protocol):
    """Whatever takes text, a line at a time."""

    def write(self, text: str, /) -> object:
        """Take a line."""


class UnreadableExport(BadInput):
    """A line of the file is not one of an exported log."""

    code = "unreadable_export"


def verify() -> Verdict:
    """Check the current tenant's whole log, a removed end included."""
    with transaction.atomic():
        verdict = verify_chain(selectors.chain(), selectors.anchors())
        outside = selectors.entries_outside_the_chain()
    if verdict.is_whole and outside:
        return Verdict(verdict.checked, verdict.head, verdict.checked + 1, f"{outside} entries are in no chain.")
    return verdict


def verify_platform() -> Verdict:
    """Check the platform's whole log, a removed end included."""
    with transaction.atomic():
        anchors = [
            Anchor(row.number, bytes(row.entry_hash), row.anchored_at)
            for row in PlatformAnchor.objects.order_by("number")
        ]
        verdict = verify_chain(selectors.chain(links=PlatformLink), anchors)
        outside = PlatformEntry.objects.filter(link=None).count()
    if verdict.is_whole and outside:
        return Verdict(verdict.checked, verdict.head, verdict.checked + 1, f"{outside} entries are in no chain.")
    return verdict


def anchor_platform(*, now: datetime) -> PlatformAnchor | None:
    """Write the platform's head down, here and in a log line; None while the log is empty or unchanged."""
    head = PlatformLink.objects.order_by("-number").first()
    if head is None:
        return None
    anchor, made = PlatformAnchor.objects.get_or_create(
        number=head.number, defaults={"entry_hash": bytes(head.entry_hash), "anchored_at": now}
    )
    if not made:
        return None
    extra = {"event": "platform_head", "count": head.number, "status": bytes(head.entry_hash).hex()}
    logger.info("head of the platform's log", extra=extra)
    return anchor


def anchor_head(*, now: datetime) -> AuditAnchor | None:
    """Write the head down in the shared schema, out of the tenant's reach; None while the log is empty or unchanged."""
    head = AuditLink.objects.order_by("-number").first()
    if head is None:
        return None
    anchor, made = AuditAnchor.objects.get_or_create(
        tenant=context.current(),
        number=head.number,
        defaults={"entry_hash": bytes(head.entry_hash), "anchored_at": now},
    )
    return anchor if made else None


def export(out: Lines) -> int:
    """Write the log as JSON lines that `verify_export` can check without Payymo's database; return how many."""
    count = 0
    for record in selectors.chain():
        line = {name: getattr(record, name) for name in _TEXTS}
        line |= {
            "number": record.number,
            "happened_at": record.happened_at.isoformat(),
            "previous_hash": record.previous_hash.hex(),
            "entry_hash": record.entry_hash.hex(),
        }
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
        count += 1
    return count


def verify_export(lines: Iterable[str]) -> Verdict:
    """Check an exported log.

    Raises: UnreadableExport.
    """
    return verify_chain(_records(lines))


def _records(lines: Iterable[str]) -> Iterator[ChainRecord]:
    for position, line in enumerate(lines, start=1):
        try:
            read = json.loads(line)
            yield ChainRecord(
                number=int(read["number"]),
                previous_hash=bytes.fromhex(read["previous_hash"]),
                entry_hash=bytes.fromhex(read["entry_hash"]),
                happened_at=datetime.fromisoformat(read["happened_at"]),
                **{name: str(read[name]) for name in _TEXTS},
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableExport(f"Line {position} is not an entry of an exported audit log.") from error
