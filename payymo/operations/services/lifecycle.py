"""Stopping a tenant and serving it again."""

from django.db import transaction

from payymo.audit.acting import Acting
from payymo.audit.services import recording as audit
from payymo.shared.errors import Conflict
from tenants import context
from tenants.models import Tenant
from tenants.services.provisioning import find_tenant

State = Tenant.State


class WrongState(Conflict):
    """The tenant is in a state in which this cannot be done."""

    code = "wrong_state"


def suspend_tenant(*, slug: str, by: Acting) -> Tenant:
    """Stop everything of a tenant at once: sign-ins, tokens, webhooks, tasks, postings. Nothing is deleted.

    Raises: UnknownTenant; WrongState while it is being deleted. Suspending again changes nothing.
    """
    return _move(slug, State.ACTIVE, State.SUSPENDED, "tenant.suspended", by)


def resume_tenant(*, slug: str, by: Acting) -> Tenant:
    """Serve a suspended tenant again. Work that is due begins with the next beat; nothing was lost meanwhile.

    Raises: UnknownTenant; WrongState while it is being deleted. Resuming again changes nothing.
    """
    return _move(slug, State.SUSPENDED, State.ACTIVE, "tenant.resumed", by)


@transaction.atomic
def _move(slug: str, before: Tenant.State, after: Tenant.State, action: str, by: Acting) -> Tenant:
    tenant: Tenant = Tenant.objects.select_for_update().get(pk=find_tenant(slug=slug).pk)
    if tenant.state == after:
        return tenant
    if tenant.state != before:
        raise WrongState(f"{slug} is being deleted. `delete_tenant --tenant {slug} --undo` keeps it.")
    tenant.state = after
    tenant.save(update_fields=["state"])
    with context.inside(tenant, suspended_too=True):
        audit.record(action=action, about=tenant, by=by)
    return tenant
