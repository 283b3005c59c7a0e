"""Moving everything that the master key seals to the present one, while the service goes on serving."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models

from accounts.models import SigningKey, TotpDevice
from accounts.services.second_factor import device_binding
from accounts.services.signing_keys import key_binding
from payymo.shared import master_key
from payymo.shared.crypto import UnreadableSecret
from tenants.models import PlatformKey, TenantKey
from tenants.sealing import key_binding_of, platform_key_binding


@dataclass(slots=True)
class Rotation:
    """How many sealed values were moved, were on the present key already, and open with no key there is."""

    moved: int = 0
    current: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class _Sealed:
    model: type[models.Model]
    column: str
    binding: Callable[[Any], bytes]


_SEALED = (
    _Sealed(TenantKey, "wrapped", lambda row: key_binding_of(row)),
    _Sealed(PlatformKey, "wrapped", lambda row: platform_key_binding(row.name)),
    _Sealed(SigningKey, "private_sealed", lambda row: key_binding(row.kid)),
    _Sealed(TotpDevice, "secret_sealed", lambda row: device_binding(row)),
)


def rotate(*, dry_run: bool = False) -> Rotation:
    """Seal every value with the present master key that another one sealed.

    Shape: can be stopped at any row and run again; a value that changed meanwhile is left as it became. `dry_run` only
    counts. A tenant's own values stay as they are: their key is what is wrapped anew.
    """
    result = Rotation()
    for sealed in _SEALED:
        for row in _rows(sealed):
            before = bytes(getattr(row, sealed.column))
            if not before:
                continue
            if master_key.is_current(before):
                result.current += 1
                continue
            try:
                plain = master_key.unseal(before, bound_to=sealed.binding(row))
            except UnreadableSecret:
                result.unreadable += 1
                continue
            if not dry_run:
                after = master_key.seal(plain, bound_to=sealed.binding(row))
                unchanged = sealed.model._default_manager.filter(pk=row.pk, **{sealed.column: before})
                unchanged.update(**{sealed.column: after})
            result.moved += 1
    return result


def _rows(sealed: _Sealed) -> Iterator[Any]:
    rows = sealed.model._default_manager.order_by("pk")
    return iter((rows.select_related("tenant") if sealed.model is TenantKey else rows).iterator(chunk_size=500))
