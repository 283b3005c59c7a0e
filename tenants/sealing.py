"""Sealed columns and look-up hashes of the current tenant.

A sealed value is bound to tenant, table, column and row, so that a ciphertext moved elsewhere does not open.
"""

from functools import lru_cache

from django.conf import settings

from payymo.shared import crypto
from payymo.shared.models import Record
from tenants import context
from tenants.models import Tenant, TenantKey


@lru_cache(maxsize=256)
def _unwrapped(tenant_public_id: str, wrapped: bytes) -> bytes:
    return crypto.unseal(wrapped, key=settings.MASTER_KEY, bound_to=b"data-key:" + tenant_public_id.encode())


def create_data_key(tenant: Tenant) -> None:
    """Make the tenant's data key and store it wrapped by the master key."""
    wrapped = crypto.seal(
        crypto.new_key(),
        key=settings.MASTER_KEY,
        key_id=settings.MASTER_KEY_ID,
        bound_to=b"data-key:" + str(tenant.public_id).encode(),
    )
    TenantKey.objects.create(tenant=tenant, wrapped=wrapped)


def data_key() -> bytes:
    """Return the current tenant's data key.

    Raises: UnreadableSecret when the key was destroyed or the master key is another one.
    """
    tenant = context.current()
    try:
        # Not the tenant's cached relation: a destroyed key must stop working at once.
        wrapped = bytes(TenantKey.objects.get(tenant_id=tenant.pk).wrapped)
    except TenantKey.DoesNotExist as error:
        raise crypto.UnreadableSecret("the tenant's data key does not exist") from error
    return _unwrapped(str(tenant.public_id), wrapped)


def _bound_to(row: Record, column: str) -> bytes:
    tenant = context.current()
    return "|".join([str(tenant.public_id), row._meta.db_table, column, str(row.public_id)]).encode()


def seal(row: Record, column: str, text: str, *, key: bytes | None = None) -> bytes:
    """Encrypt `text` for `row.column`. Pass `key` (from `data_key`) when sealing many rows."""
    return crypto.seal(text.encode(), key=key or data_key(), key_id=1, bound_to=_bound_to(row, column))


def unseal(row: Record, column: str) -> str:
    """Decrypt `row.column`; an empty column is an empty text.

    Raises: UnreadableSecret.
    """
    value = getattr(row, column)
    if not value:
        return ""
    return crypto.unseal(bytes(value), key=data_key(), bound_to=_bound_to(row, column)).decode()


def look_up_hash(value: str, *, purpose: str, key: bytes | None = None) -> str:
    """Return the keyed hash by which this tenant finds equal values, an IBAN for example."""
    return crypto.keyed_hash(value, key=key or data_key(), purpose=purpose)
