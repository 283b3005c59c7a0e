"""Sealed columns and look-up hashes of the current tenant.

A sealed value is bound to tenant, table, column and row, so that a ciphertext moved elsewhere does not open.
"""

from functools import lru_cache

from payymo.shared import crypto, master_key
from payymo.shared.models import Record
from tenants import context
from tenants.models import PlatformKey, Tenant, TenantKey

_LOOK_UP = "look-up"


def data_key_binding(tenant_public_id: str) -> bytes:
    """Return what a tenant's wrapped data key is bound to."""
    return b"data-key:" + tenant_public_id.encode()


@lru_cache(maxsize=256)
def _unwrapped(tenant_public_id: str, wrapped: bytes) -> bytes:
    return master_key.unseal(wrapped, bound_to=data_key_binding(tenant_public_id))


def create_data_key(tenant: Tenant) -> None:
    """Make the tenant's data key and store it wrapped by the master key."""
    wrapped = master_key.seal(crypto.new_key(), bound_to=data_key_binding(str(tenant.public_id)))
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


def platform_hash(value: str, *, purpose: str) -> str:
    """Return the keyed hash by which equal values of different tenants are found, without being readable.

    Its key outlives rotations of the master key, which only wraps it anew.
    """
    row = PlatformKey.objects.filter(name=_LOOK_UP).first()
    if row is None:
        wrapped = master_key.seal(crypto.new_key(), bound_to=platform_key_binding(_LOOK_UP))
        row, _ = PlatformKey.objects.get_or_create(name=_LOOK_UP, defaults={"wrapped": wrapped})
    key = master_key.unseal(bytes(row.wrapped), bound_to=platform_key_binding(_LOOK_UP))
    return crypto.keyed_hash(value, key=key, purpose=purpose)


def platform_key_binding(name: str) -> bytes:
    """Return what a wrapped key of the platform is bound to."""
    return b"platform-key:" + name.encode()


def _bound_to(row: Record, column: str) -> bytes:
    tenant = context.current()
    return "|".join([str(tenant.public_id), row._meta.db_table, column, str(row.public_id)]).encode()


def seal(row: Record, column: str, text: str, *, key: bytes | None = None) -> bytes:
    """Encrypt `text` for `row.column`. Pass `key` (from `data_key`) when sealing many rows."""
    return crypto.seal(text.encode(), key=key or data_key(), key_id=1, bound_to=_bound_to(row, column))


def unseal(row: Record, column: str, *, key: bytes | None = None) -> str:
    """Decrypt `row.column`; an empty column is an empty text. Pass `key` (from `data_key`) when opening many rows.

    Raises: UnreadableSecret.
    """
    value = getattr(row, column)
    if not value:
        return ""
    return crypto.unseal(bytes(value), key=key or data_key(), bound_to=_bound_to(row, column)).decode()


def look_up_hash(value: str, *, purpose: str, key: bytes | None = None) -> str:
    """Return the keyed hash by which this tenant finds equal values, an IBAN for example."""
    return crypto.keyed_hash(value, key=key or data_key(), purpose=purpose)
