"""Keeps the answers of money-moving requests, sealed with the tenant's key."""

from datetime import datetime

from accounts import locks
from accounts.models import IdempotencyRecord
from payymo.shared.api.idempotency import Kept, Scope
from tenants import context, sealing


class TenantRecords:
    """The records of the tenant whose schema is entered."""

    def claim(self, scope: Scope) -> bool:
        """Take the scope's lock until the transaction ends, if nobody holds it."""
        return locks.try_lock(
            "\0".join(["idempotency", str(context.current().pk), scope.caller, scope.route, scope.key])
        )

    def find(self, scope: Scope, *, now: datetime) -> Kept | None:
        """Return the kept answer while it is young enough; an older one gives its place free."""
        record = IdempotencyRecord.objects.filter(
            tenant=context.current(), caller=scope.caller, route=scope.route, key=scope.key
        ).first()
        if record is None:
            return None
        if record.expires_at <= now:
            record.delete()
            return None
        return Kept(record.body_sha256, record.status, sealing.unseal(record, "answer_sealed"))

    def keep(self, scope: Scope, kept: Kept, *, now: datetime, until: datetime) -> None:
        """Insert the record; the unique constraint is the last line against a second effect."""
        record = IdempotencyRecord(
            tenant=context.current(),
            caller=scope.caller,
            route=scope.route,
            key=scope.key,
            body_sha256=kept.body_sha256,
            status=kept.status,
            created_at=now,
            expires_at=until,
        )
        record.answer_sealed = sealing.seal(record, "answer_sealed", kept.answer)
        record.save(force_insert=True)
