"""The tenant's endpoints: added, changed, given a new secret, paused and removed. A secret is shown once."""

import base64
import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from payymo.audit.services import recording as audit
from payymo.notices.kinds import FOR_WEBHOOKS
from payymo.notices.models import Delivery, Endpoint
from payymo.shared.addresses import AddressRefused, NameUnknown, check_customer_url
from payymo.shared.errors import BadInput, Conflict
from tenants import context, sealing
from tenants.models import Tenant
from tenants.nudging import nudge

MOST_ENDPOINTS = 20
OVERLAP = timedelta(hours=24)
LONGEST_ADDRESS = 500
State, Form = Endpoint.State, Endpoint.Form


class UnusableEndpoint(BadInput):
    """The address cannot be called, the name is empty, or nothing is chosen."""

    code = "unusable_endpoint"


class TooManyEndpoints(Conflict):
    """The tenant has as many endpoints as it can have."""

    code = "too_many_endpoints"


class SecretChanged(Conflict):
    """The secret is not the one that was to be replaced: it was replaced already."""

    code = "endpoint_secret_changed"


class NoSecret(Conflict):
    """A Slack channel is told by its address alone: there is nothing to sign with."""

    code = "endpoint_has_no_secret"


@dataclass(frozen=True, slots=True)
class MadeEndpoint:
    """The row, and its secret in clear: shown once. Empty for a Slack channel."""

    row: Endpoint
    secret: str


def living() -> QuerySet[Endpoint]:
    """Return the endpoints that were not removed, oldest first."""
    return Endpoint.objects.exclude(state=State.REMOVED).order_by("pk")


def add(*, form: str, name: str, address: str, kinds: Sequence[str], now: datetime) -> MadeEndpoint:
    """Add an endpoint; it is told of these kinds from now on.

    Raises: UnusableEndpoint, TooManyEndpoints: nothing is written.
    """
    host = _checked(address)
    called, chosen = _named(name), _chosen(kinds)
    secret = _new_secret() if form == Form.WEBHOOK else ""
    with transaction.atomic():
        # Two at once do not pass together.
        Tenant.objects.select_for_update().get(pk=context.current().pk)
        if living().count() >= MOST_ENDPOINTS:
            raise TooManyEndpoints(
                gettext("There are %(most)s endpoints already. Remove one that is not used.") % {"most": MOST_ENDPOINTS}
            )
        _unused(called)
        row = Endpoint(form=form, name=called, host=host, kinds=chosen, public_id=uuid.uuid4())
        row.address_sealed = sealing.seal(row, "address_sealed", address.strip())
        if secret:
            row.secret_sealed = sealing.seal(row, "secret_sealed", secret)
        row.save()
        audit.record(action="endpoint.added", about=row, details={"form": row.form, "kinds": ",".join(chosen)})
    return MadeEndpoint(row, secret)


@transaction.atomic
def change(*, endpoint_id: uuid.UUID | str, name: str, kinds: Sequence[str]) -> Endpoint:
    """Give an endpoint another name and other kinds; its address stays, since its secret belongs to it.

    Raises: Endpoint.DoesNotExist; UnusableEndpoint: nothing is written.
    """
    called, chosen = _named(name), _chosen(kinds)
    row = _locked(endpoint_id)
    if called != row.name:
        _unused(called)
    row.name, row.kinds = called, chosen
    row.save(update_fields=["name", "kinds"])
    audit.record(action="endpoint.changed", about=row, details={"what": "kinds", "kinds": ",".join(chosen)})
    return row


@transaction.atomic
def pause(*, endpoint_id: uuid.UUID | str) -> Endpoint:
    """Stop calling an endpoint; what happens meanwhile is not sent later.

    Raises: Endpoint.DoesNotExist.
    """
    row = _locked(endpoint_id)
    if row.state == State.ACTIVE:
        row.state = State.PAUSED
        row.save(update_fields=["state"])
        audit.record(action="endpoint.changed", about=row, details={"what": "paused"})
    return row


@transaction.atomic
def resume(*, endpoint_id: uuid.UUID | str, now: datetime) -> Endpoint:
    """Call an endpoint again; what waited when it was paused or switched off is sent now.

    Raises: Endpoint.DoesNotExist.
    """
    row = _locked(endpoint_id)
    if row.state != State.ACTIVE:
        row.state, row.failing_since, row.off_since, row.off_reason = State.ACTIVE, None, None, ""
        row.save(update_fields=["state", "failing_since", "off_since", "off_reason"])
        Delivery.objects.filter(endpoint=row, state=Delivery.State.WAITING).update(due_at=now)
        audit.record(action="endpoint.changed", about=row, details={"what": "resumed"})
        nudge("deliveries")
    return row


@transaction.atomic
def remove(*, endpoint_id: uuid.UUID | str) -> None:
    """Remove an endpoint with its address and secrets; its log stays for as long as logs are kept.

    Raises: Endpoint.DoesNotExist.
    """
    row = _locked(endpoint_id)
    row.state = State.REMOVED
    row.address_sealed = row.secret_sealed = row.old_secret_sealed = b""
    row.old_secret_until = None
    row.save(update_fields=["state", "address_sealed", "secret_sealed", "old_secret_sealed", "old_secret_until"])
    Delivery.objects.filter(endpoint=row, state=Delivery.State.WAITING).update(state=Delivery.State.GIVEN_UP)
    audit.record(action="endpoint.removed", about=row)


def version_of(row: Endpoint) -> str:
    """Return what tells the endpoint's secret of now from the one before, and nothing about it."""
    return hashlib.sha256(bytes(row.secret_sealed)).hexdigest()[:16]


@transaction.atomic
def rotate(*, endpoint_id: uuid.UUID | str, instead_of: str = "", now: datetime) -> MadeEndpoint:
    """Give an endpoint a new secret; for a day messages are signed with the one before too.

    Shape: with `instead_of`, the version of the secret that is to be replaced, an act that is sent twice is done once.
    Raises: Endpoint.DoesNotExist; NoSecret; SecretChanged.
    """
    row = _locked(endpoint_id)
    if row.form != Form.WEBHOOK:
        raise NoSecret(gettext("A Slack channel has no secret. To change its address, add it anew."))
    if instead_of not in ("", version_of(row)):
        raise SecretChanged(
            gettext("The secret was changed already. The new one was shown once: if nobody kept it, make another.")
        )
    before, secret = sealing.unseal(row, "secret_sealed"), _new_secret()
    row.old_secret_sealed = sealing.seal(row, "old_secret_sealed", before)
    row.old_secret_until = now + OVERLAP
    row.secret_sealed = sealing.seal(row, "secret_sealed", secret)
    row.save(update_fields=["secret_sealed", "old_secret_sealed", "old_secret_until"])
    audit.record(action="endpoint.changed", about=row, details={"what": "secret"})
    return MadeEndpoint(row, secret)


@transaction.atomic
def test(*, endpoint_id: uuid.UUID | str, now: datetime) -> Delivery:
    """Leave a message that says it is a test.

    Raises: Endpoint.DoesNotExist; UnusableEndpoint for one that is not active.
    """
    row = _locked(endpoint_id)
    if row.state != State.ACTIVE:
        raise UnusableEndpoint(gettext("The endpoint is not active. Resume it first."))
    nudge("deliveries")
    return Delivery.objects.create(endpoint=row, due_at=now)


@transaction.atomic
def resend(*, delivery_id: uuid.UUID | str, now: datetime) -> Delivery:
    """Send a message again, with the id that it had: whoever has it already knows it.

    Raises: Delivery.DoesNotExist; UnusableEndpoint for an endpoint that is not active.
    """
    row = Delivery.objects.select_for_update(of=("self",)).select_related("endpoint").get(public_id=delivery_id)
    if row.endpoint.state != State.ACTIVE:
        raise UnusableEndpoint(gettext("The endpoint is not active. Resume it first."))
    row.state, row.due_at, row.tries = Delivery.State.WAITING, now, 0
    row.save(update_fields=["state", "due_at", "tries"])
    nudge("deliveries")
    return row


def _locked(endpoint_id: uuid.UUID | str) -> Endpoint:
    return living().select_for_update().get(public_id=endpoint_id)


def _checked(address: str) -> str:
    text = address.strip()
    if not text or len(text) > LONGEST_ADDRESS or not text.isprintable():
        raise UnusableEndpoint(gettext("Write the whole address, beginning with https://."))
    try:
        check_customer_url(text)
    except (AddressRefused, NameUnknown) as error:
        raise UnusableEndpoint(str(error.sentence)) from error
    except ValueError as error:
        raise UnusableEndpoint(gettext("Write the whole address, beginning with https://.")) from error
    return (urlsplit(text).hostname or "")[:253]


def _named(name: str) -> str:
    called = " ".join(name.split())
    if not 0 < len(called) <= 80:
        raise UnusableEndpoint(gettext("Give the endpoint a name of at most 80 characters."))
    return called


def _unused(name: str) -> None:
    if living().filter(name__iexact=name).exists():
        raise UnusableEndpoint(gettext("There is an endpoint of this name already. Choose another."))


def _chosen(kinds: Sequence[str]) -> list[str]:
    chosen = [kind.value for kind in FOR_WEBHOOKS if kind.value in set(kinds)]
    if not chosen or len(chosen) != len(set(kinds)):
        raise UnusableEndpoint(gettext("Choose at least one of the offered events."))
    return chosen


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
