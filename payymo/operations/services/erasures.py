"""The register of erased persons: taken along beside backups, and carried out again after a restore."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from django.db import transaction

from payymo.operations.services import persons
from payymo.shared.errors import BadInput
from tenants import context
from tenants.models import Erasure, Tenant


class UnreadableRegister(BadInput):
    """A line is not one of an exported register."""

    code = "unreadable_register"


@dataclass(slots=True)
class Reapplied:
    """How many erasures were carried out again, how many rows that erased, and how many name no tenant here."""

    erasures: int = 0
    rows: int = 0
    unknown_tenants: int = 0


def export_register(out: TextIO) -> int:
    """Write every erasure as a JSON line, to be kept apart from the database; it names nobody. Return how many."""
    count = 0
    for row in Erasure.objects.select_related("tenant").order_by("pk").iterator(chunk_size=500):
        line = {
            "id": str(row.public_id), "tenant": str(row.tenant.public_id), "erased_at": row.erased_at.isoformat(),
            "selectors": row.selectors,
        }  # fmt: skip
        out.write(json.dumps(line) + "\n")
        count += 1
    return count


def import_register(lines: Iterable[str]) -> int:
    """Take in erasures that the restored database has forgotten; return how many were new.

    Raises: UnreadableRegister; nothing is taken in then.
    """
    with transaction.atomic():
        return sum(_take_in(position, line) for position, line in enumerate(lines, start=1) if line.strip())


def _take_in(position: int, line: str) -> bool:
    try:
        read = json.loads(line)
        public_id, tenant_id = uuid.UUID(read["id"]), uuid.UUID(read["tenant"])
        erased_at, selectors = datetime.fromisoformat(read["erased_at"]), dict(read["selectors"])
        persons.Person.from_selectors(selectors)
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableRegister(f"Line {position} is not an entry of an exported register of erasures.") from error
    tenant = Tenant.objects.filter(public_id=tenant_id).first()
    if tenant is None:
        return False
    values = {"tenant": tenant, "selectors": selectors, "erased_at": erased_at, "applied_at": erased_at}
    return Erasure.objects.get_or_create(public_id=public_id, defaults=values)[1]


def reapply_erasures(*, now: datetime, tenant: Tenant | None = None) -> Reapplied:
    """Carry out every erasure again; what is erased already is not touched, so it may be repeated."""
    done = Reapplied()
    rows = Erasure.objects.select_related("tenant").order_by("pk")
    for row in rows.filter(tenant=tenant) if tenant else rows:
        if row.tenant.state == Tenant.State.DELETING:
            continue
        with context.inside(row.tenant, suspended_too=True), transaction.atomic():
            found = persons.carry_out(persons.Person.from_selectors(row.selectors), now=now)
            done.rows += found.clients + found.transactions + found.charges + found.rules + found.memories
        Erasure.objects.filter(pk=row.pk).update(applied_at=now)
        done.erasures += 1
    return done
