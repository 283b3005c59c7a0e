"""Changing a tenant's sealing key while it is served: a new key, everything moved to it, and the old one removed.

A run can be stopped anywhere and repeated. Values that are written meanwhile are sealed by the new key; one that
changes under the run is left as it became.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction

from payymo.shared import crypto
from payymo.shared.errors import Conflict
from payymo.shared.models import Record
from tenants import context, sealing
from tenants.jobs import exclusive
from tenants.models import TenantKey

logger = logging.getLogger(__name__)
BATCH = 200
CHANGED_EVERY = timedelta(days=365)
# Whoever read the keys before the rotation began has sealed, and committed or failed, long before this.
GRACE = timedelta(hours=1)
# In the shared schema, but sealed with the tenant's key.
_SHARED_MODELS = ("accounts.IdempotencyRecord",)
_SEAL = TenantKey.Purpose.SEAL


class RotationBusy(Conflict):
    """Another run of the rotation works for this tenant."""

    code = "rotation_busy"


@dataclass(slots=True)
class Rotation:
    """What a run did: the key that seals, how many values it moved, left with their old key, and could not open.

    Shape: `removed` old keys are gone for good; while there are others, `is_done` is False: run it again.
    """

    number: int
    moved: int = 0
    left: int = 0
    unreadable: int = 0
    removed: int = 0
    is_done: bool = True


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column that the tenant's key seals."""

    model: type[Record]
    column: str


def sealed_columns() -> list[SealedColumn]:
    """Return every column that a tenant's key seals, by the naming rule `..._sealed`."""
    own = {config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS}
    found = [
        model for model in apps.get_models() if model._meta.app_label in own or model._meta.label in _SHARED_MODELS
    ]
    return [
        SealedColumn(model, str(field.column))
        for model in found
        if issubclass(model, Record)
        for field in model._meta.concrete_fields
        if isinstance(field, models.BinaryField) and field.name.endswith("_sealed")
    ]


def rotate(
    *,
    now: datetime,
    older_than: timedelta = CHANGED_EVERY,
    should_stop: Callable[[], bool] = lambda: False,
) -> Rotation:
    """Go on with the current tenant's rotation, or begin one when the sealing key is older than that.

    Raises: RotationBusy; UnreadableSecret when the keys cannot be unwrapped.
    """
    with exclusive("rotate-data-key") as alone:
        if not alone:
            raise RotationBusy("Another run is changing this tenant's key. Wait for it to end.")
        rows = list(TenantKey.objects.filter(tenant=context.current(), purpose=_SEAL).order_by("-number"))
        if len(rows) == 1 and rows[0].created_at <= now - older_than:
            rows.insert(0, sealing.add_key(context.current(), _SEAL, rows[0].number + 1))
            rows[0].refresh_from_db()
        result = Rotation(number=rows[0].number if rows else 0)
        if len(rows) > 1:
            _move_all(result, should_stop)
            if not should_stop() and not result.left and not result.unreadable and rows[0].created_at <= now - GRACE:
                result.removed = _remove_below(result.number)
            result.is_done = bool(result.removed)
    if result.moved or result.removed:
        extra = {"event": "data_key_rotation", "count": result.moved, "status": f"{result.removed} removed"}
        logger.info("data key rotated", extra=extra)
    return result


def _remove_below(number: int) -> int:
    old = TenantKey.objects.filter(tenant=context.current(), purpose=_SEAL, number__lt=number)
    return old.delete()[0]


def _move_all(result: Rotation, should_stop: Callable[[], bool]) -> None:
    """Walk every sealed column once; what another transaction holds is left for the next run."""
    keys = sealing.data_key()
    for sealed in sealed_columns():
        after = 0
        while not should_stop():
            last = _move_batch(sealed, keys, after, result)
            if last is None:
                break
            after = last
        result.left += _count_left(sealed, keys.present)


def _move_batch(sealed: SealedColumn, keys: sealing.TenantKeys, after: int, result: Rotation) -> int | None:
    """Move the next values behind primary key `after`; return the last one looked at, None at the end."""
    with transaction.atomic():
        found = list(_on_old_keys(sealed, keys.present, after))
        for pk, public_id, value in found:
            bound_to = sealing.binding_of(sealed.model._meta.db_table, sealed.column, public_id)
            try:
                plain = keys.unseal(value, bound_to=bound_to)
            except crypto.UnreadableSecret:
                result.unreadable += 1
                extra = {"event": "unreadable_value", "reason": f"{sealed.model._meta.label}.{sealed.column}"}
                logger.warning("a sealed value does not open", extra=extra)
                continue
            fresh = keys.seal(plain, bound_to=bound_to)
            # Rows of the batch are locked, so nothing can have changed since it was read.
            sealed.model._default_manager.filter(pk=pk).update(**{sealed.column: fresh})
            result.moved += 1
    return found[-1][0] if found else None


def _where(sealed: SealedColumn) -> str:
    quote = connection.ops.quote_name
    column = quote(sealed.column)
    # Version, then two bytes of key number. An empty column holds nothing.
    text = f"length({column}) > 0 AND substring({column} FROM 2 FOR 2) <> %(number)s"
    return f"{text} AND tenant_id = %(tenant)s" if sealed.model._meta.label in _SHARED_MODELS else text


def _values(number: int, *, after: int = 0) -> dict[str, int | bytes]:
    return {"number": number.to_bytes(2, "big"), "tenant": context.current().pk, "batch": BATCH, "after": after}


def _on_old_keys(sealed: SealedColumn, number: int, after: int) -> Iterator[tuple[int, str, bytes]]:
    quote = connection.ops.quote_name
    # Only names of our own tables and columns are put into the statement.
    statement = (
        f"SELECT id, public_id, {quote(sealed.column)} FROM {quote(sealed.model._meta.db_table)} "  # noqa: S608 - our own names, quoted  # nosec B608
        f"WHERE id > %(after)s AND {_where(sealed)} ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(number, after=after))
        rows = cursor.fetchall()
    return ((pk, str(public_id), bytes(value)) for pk, public_id, value in rows)


def _count_left(sealed: SealedColumn, number: int) -> int:
    statement = f"SELECT count(*) FROM {connection.ops.quote_name(sealed.model._meta.db_table)} WHERE {_where(sealed)}"  # noqa: S608 - our own names, quoted  # nosec B608
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(number))
        (count,) = cursor.fetchone()
    return int(count)
