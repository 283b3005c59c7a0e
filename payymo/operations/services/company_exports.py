"""The archive of everything for the company's own owner: made by a worker, kept sealed for a day, and then gone.

It lies in the tenant's schema, in small sealed pieces, so that web and workers need no common folder and what lies
there opens with the tenant's key alone.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext

from accounts.models import User
from payymo.audit.services import recording as audit
from payymo.operations.models import CompanyExport, ExportPart
from payymo.operations.services import exporting
from payymo.shared.errors import Conflict
from tenants import context, sealing
from tenants.nudging import nudge

KEPT = timedelta(hours=24)
MOST_BYTES = 1 << 30
MOST_ATTEMPTS = 3
LISTED = 10
_PIECE = 1 << 16
State = CompanyExport.State


class ExportUnderWay(Conflict):
    """One archive is being made already."""

    code = "export_under_way"


class NothingToFetch(Conflict):
    """The archive is not made yet, or its day is over."""

    code = "nothing_to_fetch"


def ask(*, asked_by: User) -> CompanyExport:
    """Ask for an archive; a worker makes it.

    Raises: ExportUnderWay.
    """
    try:
        with transaction.atomic():
            row = CompanyExport.objects.create(asked_by_id=asked_by.pk, asked_by_name=asked_by.display_name)
            audit.record(action="company.export_asked", about=row)
            nudge("exports")
    except IntegrityError as error:
        raise ExportUnderWay(gettext("An archive is being made already.")) from error
    return row


def listed() -> list[CompanyExport]:
    """Return the newest ones."""
    return list(CompanyExport.objects.order_by("-pk")[:LISTED])


def make_next(*, now: datetime, most_bytes: int = MOST_BYTES) -> CompanyExport | None:
    """Make the archive that waits, and end those whose day is over; None when nothing waits.

    Shape: what a killed or failed attempt left is tried again, three times in all. At most one archive is kept.
    """
    end_old(now=now)
    row = CompanyExport.objects.filter(state=State.WAITING).first()
    if row is None:
        return None
    if row.attempts >= MOST_ATTEMPTS:
        return _fail(row, gettext("It could not be made. Please ask whoever runs this installation."))
    CompanyExport.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)
    # Without a name in any folder: it is gone with the process, however that ends.
    with tempfile.TemporaryFile() as file:
        rows = exporting.write_archive(tenant=context.current(), file=file, now=now)
        if file.tell() > most_bytes:
            return _fail(row, gettext("It is too large for this way. Please ask whoever runs this installation."))
        file.seek(0)
        _keep(row, file, rows, now)
    row.refresh_from_db()
    return row


@transaction.atomic
def _keep(row: CompanyExport, file: IO[bytes], rows: int, now: datetime) -> None:
    ExportPart.objects.exclude(export=row).delete()
    CompanyExport.objects.filter(state=State.READY).update(state=State.OVER)
    ExportPart.objects.filter(export=row).delete()
    key, digest, size, number = sealing.data_key(), hashlib.sha256(), 0, 0
    while piece := file.read(_PIECE):
        part = ExportPart(export=row, number=number)
        part.content_sealed = key.seal(piece, bound_to=_binding(part))
        part.save(force_insert=True)
        digest.update(piece)
        size, number = size + len(piece), number + 1
    CompanyExport.objects.filter(pk=row.pk).update(
        state=State.READY, made_at=now, expires_at=now + KEPT, size=size, rows=rows, parts=number,
        sha256=digest.hexdigest(),
    )  # fmt: skip
    audit.record(action="tenant.exported", about=row, details={"sha256": digest.hexdigest(), "rows": rows})


def _binding(part: ExportPart) -> bytes:
    return sealing.binding_of(ExportPart._meta.db_table, "content_sealed", part.public_id)


def _fail(row: CompanyExport, error: str) -> CompanyExport:
    row.state, row.error = State.FAILED, error
    row.save(update_fields=["state", "error"])
    return row


def end_old(*, now: datetime) -> int:
    """Delete the pieces of archives whose day is over; return how many archives ended."""
    with transaction.atomic():
        over = CompanyExport.objects.filter(state=State.READY, expires_at__lte=now)
        ExportPart.objects.filter(export__in=over).delete()
        return over.update(state=State.OVER)


@transaction.atomic
def fetch(*, export: CompanyExport, now: datetime) -> Iterator[bytes]:
    """Note that somebody fetches the archive, and return its pieces, opened one by one.

    Shape: the pieces may be read after the request has left the tenant's schema.
    Raises: NothingToFetch.
    """
    ready = CompanyExport.objects.filter(pk=export.pk, state=State.READY, expires_at__gt=now)
    if not ready.update(fetched=F("fetched") + 1):
        raise NothingToFetch(gettext("This archive is not there any more. Ask for a new one."))
    audit.record(action="company.export_fetched", about=export)
    return _pieces(export)


def _pieces(export: CompanyExport) -> Iterator[bytes]:
    tenant = context.current()

    def opened() -> Iterator[bytes]:
        for number in range(export.parts):
            with context.inside(tenant):
                part = ExportPart.objects.get(export_id=export.pk, number=number)
                piece = sealing.data_key().unseal(bytes(part.content_sealed), bound_to=_binding(part))
            yield piece

    return opened()
