"""Sealed columns and look-up hashes of the current tenant.

A sealed value is bound to tenant, table, column and row, so that a ciphertext moved elsewhere does not open. It names
the tenant's key that sealed it; while a rotation runs, the newest key seals and the older ones open.
"""

import time
import uuid
from collections.abc import Callable
from functools import lru_cache

from django.db import connection

from payymo.shared import crypto, master_key
from payymo.shared.models import Record
from tenants import context
from tenants.models import PlatformKey, Tenant, TenantKey

KEYS_GOOD_FOR_SECONDS = 60.0
"""For how long a key may go on sealing after it was read: a rotation waits much longer before it removes one."""

_LOOK_UP = "look-up"
# Plain, since every call of a gateway reads it.
_KEYS = "SELECT purpose, number, wrapped FROM tenants_tenantkey WHERE tenant_id = %s"
_SEAL, _INDEX = TenantKey.Purpose.SEAL, TenantKey.Purpose.INDEX


def key_binding(tenant_public_id: uuid.UUID | str, purpose: str, number: int) -> bytes:
    """Return what a tenant's wrapped key is bound to."""
    if (purpose, number) in ((_SEAL, 1), (_INDEX, 0)):
        # As it was while a tenant had one key; index key 0 is that key.
        return b"data-key:" + str(tenant_public_id).encode()
    return f"data-key:{tenant_public_id}:{purpose}:{number}".encode()


def key_binding_of(row: TenantKey) -> bytes:
    """Return what this row's wrapped key is bound to."""
    return key_binding(row.tenant.public_id, row.purpose, row.number)


@lru_cache(maxsize=512)
def _unwrapped(wrapped: bytes, binding: bytes) -> bytes:
    return master_key.unseal(wrapped, bound_to=binding)


class TenantKeys:
    """A tenant's keys: which one seals, those that open, and the one of look-up hashes. Unwrapped when first used."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._read()

    def __repr__(self) -> str:
        return f"TenantKeys({self._tenant.public_id})"

    def _read(self) -> None:
        # Never the tenant's cached relation: a destroyed key must stop working at once.
        with connection.cursor() as cursor:
            cursor.execute(_KEYS, [self._tenant.pk])
            self._wrapped = {(purpose, number): bytes(wrapped) for purpose, number, wrapped in cursor.fetchall()}
        self._opened: dict[tuple[str, int], bytes] = {}
        self._newest_of: dict[str, int] = {}
        for purpose, number in sorted(self._wrapped):
            self._newest_of[purpose] = number
        self._read_at = time.monotonic()

    def _newest(self, purpose: str) -> int:
        newest = self._newest_of.get(purpose)
        if newest is None:
            raise crypto.UnreadableSecret("the tenant's data key does not exist")
        return newest

    def _key(self, purpose: str, number: int) -> bytes:
        opened = self._opened.get((purpose, number))
        if opened is None:
            wrapped = self._wrapped.get((purpose, number))
            if wrapped is None:
                raise crypto.UnreadableSecret(f"the tenant has no {purpose} key {number}")
            opened = _unwrapped(wrapped, key_binding(self._tenant.public_id, purpose, number))
            self._opened[purpose, number] = opened
        return opened

    @property
    def present(self) -> int:
        """The number of the key that seals."""
        if time.monotonic() - self._read_at > KEYS_GOOD_FOR_SECONDS:
            self._read()
        return self._newest(_SEAL)

    def seal(self, plain: bytes, *, bound_to: bytes) -> bytes:
        """Encrypt with the newest key.

        Raises: UnreadableSecret when the key was destroyed or cannot be unwrapped.
        """
        number = self.present
        return crypto.seal(plain, key=self._key(_SEAL, number), key_id=number, bound_to=bound_to)

    def unseal(self, sealed: bytes, *, bound_to: bytes) -> bytes:
        """Decrypt with the key that the value names.

        Raises: UnreadableSecret.
        """
        number = crypto.key_id_of(sealed)
        if (str(_SEAL), number) not in self._wrapped:
            # Made by a key that is newer than our reading.
            self._read()
        return crypto.unseal(sealed, key=self._key(_SEAL, number), bound_to=bound_to)

    def hash_of(self, value: str, *, purpose: str) -> str:
        """Return the keyed hash by which equal values are found.

        Raises: UnreadableSecret.
        """
        return crypto.keyed_hash(value, key=self._key(_INDEX, self._newest(_INDEX)), purpose=purpose)


def create_keys(tenant: Tenant) -> None:
    """Make the tenant's first sealing key and its index key, and store them wrapped by the master key."""
    add_key(tenant, _SEAL, 1)
    add_key(tenant, _INDEX, 1)


def add_key(tenant: Tenant, purpose: str, number: int) -> TenantKey:
    """Make a key and store it wrapped by the master key."""
    wrapped = master_key.seal(crypto.new_key(), bound_to=key_binding(tenant.public_id, purpose, number))
    return TenantKey.objects.create(tenant=tenant, purpose=purpose, number=number, wrapped=wrapped)


def data_key() -> TenantKeys:
    """Read the current tenant's keys, for sealing and hashing many values with one query.

    Raises: UnreadableSecret when they were destroyed.
    """
    keys = TenantKeys(context.current())
    _ = keys.present
    return keys


def destroy_data_keys(tenant: Tenant) -> int:
    """Destroy all keys of a tenant: nothing that it sealed can ever be read again. Return how many there were."""
    return TenantKey.objects.filter(tenant_id=tenant.pk).delete()[0]


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


def binding_of(table: str, column: str, public_id: uuid.UUID | str) -> bytes:
    """Return what a sealed value of the current tenant is bound to."""
    return "|".join([str(context.current().public_id), table, column, str(public_id)]).encode()


def seal(row: Record, column: str, text: str, *, key: TenantKeys | None = None) -> bytes:
    """Encrypt `text` for `row.column`. Pass `key` (from `data_key`) when sealing many rows."""
    bound_to = binding_of(row._meta.db_table, column, row.public_id)
    return (key or data_key()).seal(text.encode(), bound_to=bound_to)


def sealer(model: type[Record], column: str, *, key: TenantKeys) -> Callable[[uuid.UUID, str], bytes]:
    """Return what encrypts a text for `column` of the row with a public id: for many rows that are not objects."""
    before = binding_of(model._meta.db_table, column, "")

    def seal_one(public_id: uuid.UUID, text: str) -> bytes:
        return key.seal(text.encode(), bound_to=before + str(public_id).encode())

    return seal_one


def unseal(row: Record, column: str, *, key: TenantKeys | None = None) -> str:
    """Decrypt `row.column`; an empty column is an empty text. Pass `key` (from `data_key`) when opening many rows.

    Raises: UnreadableSecret.
    """
    value = getattr(row, column)
    if not value:
        return ""
    bound_to = binding_of(row._meta.db_table, column, row.public_id)
    return (key or data_key()).unseal(bytes(value), bound_to=bound_to).decode()


def look_up_hash(value: str, *, purpose: str, key: TenantKeys | None = None) -> str:
    """Return the keyed hash by which this tenant finds equal values, an IBAN for example."""
    return (key or data_key()).hash_of(value, purpose=purpose)
