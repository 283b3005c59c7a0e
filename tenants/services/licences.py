"""What a tenant's licence allows now. Money that comes in is always taken; only what is new asks here.

Source: docs/adr/0032-a-licence-limits-what-is-new-and-never-what-comes-in.md
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db import connection, transaction

from payymo.shared.errors import Conflict, NotAllowed
from tenants import licence_keys
from tenants.licence_keys import Terms, UnusableLicence
from tenants.models import Licence, Tenant

logger = logging.getLogger(__name__)
_NAMES = {"bank_connections": "bank connections", "users": "users", "transactions": "payments a month"}
_COUNT = """
INSERT INTO tenants_licencecheck AS known (tenant_id, licence_id, purpose, outcome, day, checks, last_at)
VALUES (%s, %s, %s, %s, %s, 1, %s)
ON CONFLICT (tenant_id, licence_id, purpose, outcome, day) DO UPDATE
SET checks = known.checks + 1, last_at = excluded.last_at
"""


class LicenceLimit(NotAllowed):
    """The licence does not cover this; nothing was made, and what is there goes on."""

    code = "licence_limit"


class LicenceUsed(Conflict):
    """A newer licence, or this one, is installed already."""

    code = "licence_used"


class State(StrEnum):
    """How a tenant stands with its licence."""

    NOT_NEEDED = "not_needed"
    VALID = "valid"
    GRACE = "grace"
    EXPIRED = "expired"
    MISSING = "missing"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Standing:
    """The state, and the terms where a key could be read."""

    state: State
    terms: Terms | None = None
    problem: str = ""

    @property
    def allows_new(self) -> bool:
        """Whether something new may be made at all, limits apart."""
        return self.state in (State.NOT_NEEDED, State.VALID, State.GRACE)


@transaction.atomic
def install(*, tenant: Tenant, key: str, now: datetime) -> Licence:
    """Put a licence key in force; the one before stays on record.

    Raises: UnusableLicence for a key that is not for this tenant or ended already; LicenceUsed.
    """
    terms = licence_keys.read(key, settings.LICENSE_PUBLIC_KEYS)
    if terms.tenant != str(tenant.public_id):
        raise UnusableLicence("The licence key is for another company.")
    if terms.grace_ends <= now:
        raise UnusableLicence(f"The licence ended on {terms.ends:%Y-%m-%d}.")
    Tenant.objects.select_for_update().get(pk=tenant.pk)
    newest = Licence.objects.filter(tenant=tenant).order_by("-issued_at").first()
    if newest is not None and newest.issued_at >= datetime.fromisoformat(terms.issued_at):
        raise LicenceUsed("This licence, or one that was issued later, is installed already.")
    return Licence.objects.create(
        tenant=tenant,
        licence_id=terms.licence_id,
        key=key.strip(),
        plan=terms.plan,
        issued_at=terms.issued_at,
        expires_at=terms.expires_at,
        installed_at=now,
    )


def standing(*, tenant: Tenant, now: datetime, purpose: str) -> Standing:
    """Verify the tenant's licence now, signature included, and count the verification with its outcome."""
    if not settings.LICENSE_PUBLIC_KEYS:
        return Standing(State.NOT_NEEDED)
    row = Licence.objects.filter(tenant=tenant).order_by("-issued_at").first()
    found = _verify(tenant, row, now)
    with connection.cursor() as cursor:
        licence_id = row.licence_id if row else "00000000-0000-0000-0000-000000000000"
        cursor.execute(_COUNT, [tenant.pk, str(licence_id), purpose, found.state.value, now.date(), now])
    if found.state is not State.VALID:
        logger.warning("licence", extra={"event": "licence_checked", "status": found.state.value, "reason": purpose})
    return found


def _verify(tenant: Tenant, row: Licence | None, now: datetime) -> Standing:
    if row is None:
        return Standing(State.MISSING, problem="No licence is installed.")
    try:
        terms = licence_keys.read(row.key, settings.LICENSE_PUBLIC_KEYS)
    except UnusableLicence as error:
        return Standing(State.INVALID, problem=str(error))
    if terms.tenant != str(tenant.public_id):
        return Standing(State.INVALID, problem="The installed licence is for another company.")
    if terms.grace_ends <= now:
        return Standing(State.EXPIRED, terms, f"The licence ended on {terms.ends:%Y-%m-%d}.")
    return Standing(State.VALID if now < terms.ends else State.GRACE, terms)


def require_room(*, tenant: Tenant, limit: str, used: int, now: datetime) -> None:
    """Pass if one more of `limit` (bank_connections, users) may be made.

    Raises: LicenceLimit saying what is used up and what to do.
    """
    found = standing(tenant=tenant, now=now, purpose=limit)
    _require_new(found)
    most = getattr(found.terms, limit) if found.terms else None
    if most is not None and used >= most:
        raise LicenceLimit(
            f"Your licence covers {most} {_NAMES[limit]}, and {used} are in use. Nothing was added. Remove one, or ask "
            "for a larger licence."
        )


def require_feature(*, tenant: Tenant, feature: str, now: datetime) -> None:
    """Pass if the licence covers the feature.

    Raises: LicenceLimit.
    """
    found = standing(tenant=tenant, now=now, purpose=feature)
    _require_new(found)
    if found.terms is not None and feature not in found.terms.features:
        raise LicenceLimit(f"Your licence does not cover {feature}. Nothing was changed. Ask for a larger licence.")


def _require_new(found: Standing) -> None:
    if not found.allows_new:
        raise LicenceLimit(
            f"{found.problem} Payments go on coming in and can be matched by hand; nothing new can be added until a "
            "licence is installed."
        )


def monthly_limit(*, tenant: Tenant, now: datetime) -> int | None:
    """Return how many payments a month may be approved automatically: None for any number, 0 for none at all."""
    found = standing(tenant=tenant, now=now, purpose="automation")
    if not found.allows_new or (found.terms is not None and "automation" not in found.terms.features):
        return 0
    return found.terms.transactions if found.terms else None
