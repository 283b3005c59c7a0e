"""Connecting WHMCS, banks and Stripe, and looking after the connections."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from celery import current_app
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import requires_permission
from banking.models import BankConnection
from banking.services import disconnecting, pausing, provider_keys, schedule
from payments.models import StripeConnection
from payments.services import connecting as stripe
from payments.services import pausing as gateway_pausing
from payymo.dashboard.forms import CredentialForm, GuardForm, WhmcsForm
from payymo.dashboard.links import link
from payymo.dashboard.pages import ConnectFormPage
from payymo.dashboard.presenters import connection as one
from payymo.dashboard.presenters import connections as present
from payymo.dashboard.shell import shell_of
from payymo.dashboard.views.end_of_sample import asked_of_sample, tell_end_of_sample
from payymo.shared.errors import DomainError, ProviderError
from whmcs import selectors as whmcs_selectors
from whmcs.models import WhmcsInstance
from whmcs.services import connection as whmcs
from whmcs.services import pausing as whmcs_pausing

_TASKS = {
    "whmcs": "whmcs.tasks.sync_due_instances",
    "posting": "whmcs.tasks.post_pending",
    "bank": "banking.tasks.sync_due_accounts",
    "stripe": "payments.tasks.sync_due_connections",
}
_MODELS = {"whmcs": WhmcsInstance, "bank": BankConnection, "stripe": StripeConnection}
_WHMCS_STEPS = (
    gettext_lazy("In WHMCS open Configuration, System Settings, Manage API Credentials."),
    gettext_lazy("Make a role with the billing and client actions, then a credential with it."),
    gettext_lazy("Allow Payymo's address under General Settings, Security, API IP Access Restriction."),
)


def show(request: HttpRequest, template: str, page: Any, *, code: int = 200) -> HttpResponse:
    """Answer a page of this section."""
    return render(request, template, {"shell": shell_of(request, "connections"), "page": page}, status=code)


def nudge(request: HttpRequest, kind: str) -> None:
    """Wake a worker after the commit; without a broker the next beat does the same."""
    arguments = {"tenant_id": str(request.tenant.public_id)}
    transaction.on_commit(
        lambda: current_app.send_task(_TASKS[kind], kwargs=arguments, expires=300, retry=False), robust=True
    )


def answer_form(
    request: HttpRequest, page: ConnectFormPage, *, kind: str, act: Callable[..., object], done: str
) -> HttpResponse:
    """Show the page's form; one that is sent goes to `act`, and what speaks against it is said beside it."""
    error = ""
    asked_of_sample(request)
    if request.method == "POST" and page.form.is_valid():
        try:
            made = act(**page.form.cleaned_data, now=timezone.now())
        except (DomainError, ProviderError) as refused:
            error = str(refused)
        else:
            nudge(request, kind)
            stays = _("What you gave works and is used. The connection stays paused.")
            messages.success(request, stays if getattr(made, "is_paused", False) else done)
            tell_end_of_sample(request)
            return HttpResponseRedirect(link("connections"), status=303)
    code = 422 if error or page.form.errors else 200
    return show(request, "dashboard/connections/form.html", replace(page, error=error), code=code)


@require_GET
@requires_permission("connections.view")
def connections(request: HttpRequest) -> HttpResponse:
    """List every connection and its health."""
    return show(request, "dashboard/connections/list.html", present.listing(request, now=timezone.now()))


@require_GET
@requires_permission("connections.view")
def connection(request: HttpRequest, kind: str, public_id: uuid.UUID) -> HttpResponse:
    """Show one connection, what it fetched and what was done to it."""
    page = one.detail(request, kind, connection_or_404(kind, public_id), now=timezone.now())
    if page is None:
        raise Http404
    return show(request, "dashboard/connections/detail.html", page)


@require_http_methods(["GET", "POST"])
@requires_permission("connections.change", asks_again=True)
def connect_whmcs(request: HttpRequest) -> HttpResponse:
    """Connect a WHMCS installation."""
    page = ConnectFormPage(
        kind="whmcs",
        title=_("Connect WHMCS"),
        intro=_("Payymo reads clients and invoices, and posts approved payments."),
        form=WhmcsForm(request.POST or None),
        submit=_("Test and connect"),
        steps=tuple(map(str, _WHMCS_STEPS)),
        cancel_url=link("connections"),
    )
    done = _("WHMCS is connected. Its invoices are being read.")
    return answer_form(request, page, kind="whmcs", act=whmcs.connect_instance, done=done)


@require_POST
@requires_permission("connections.change")
def test_whmcs(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask WHMCS with the credential that is kept; one that answers again is used again, unless it is paused."""
    instance = connection_or_404("whmcs", public_id)
    try:
        whmcs.test_instance(instance=instance, now=timezone.now())
    except DomainError as refused:
        messages.error(request, str(refused))
    else:
        nudge(request, "whmcs")
        said = _("WHMCS answers. Its invoices are being read.")
        messages.success(request, _("WHMCS answers. It stays paused.") if instance.is_paused else said)
    return HttpResponseRedirect(link("connections"), status=303)


@require_http_methods(["GET", "POST"])
@requires_permission("connections.change", asks_again=True)
def change_whmcs(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Give a connected WHMCS another credential."""
    instance = connection_or_404("whmcs", public_id)
    page = ConnectFormPage(
        kind="whmcs",
        title=_("New credential for %s") % instance.name,
        intro=instance.base_url,
        form=CredentialForm(request.POST or None),
        submit=_("Test and use"),
        steps=(*map(str, _WHMCS_STEPS), _("The credential in use stays until the new one has passed the test.")),
        cancel_url=link("connections"),
    )
    done = _("The new credential works and is used from now on.")
    act = partial(whmcs.change_credential, instance=instance)
    return answer_form(request, page, kind="whmcs", act=act, done=done)


@require_http_methods(["GET", "POST"])
@requires_permission("connections.change", asks_again=True)
def guard_whmcs(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Say how long a payment that waits holds overdue mails and suspensions in this WHMCS."""
    instance = connection_or_404("whmcs", public_id)
    form = GuardForm(request.POST or None, initial={"days": instance.guard_days})
    if request.method == "POST" and form.is_valid():
        whmcs.change_guard(instance=instance, days=form.cleaned_data["days"])
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(link("connections"), status=303)
    page = ConnectFormPage(
        kind="whmcs",
        title=_("Suspension guard of %s") % instance.name,
        intro=_(
            "While a likely payment waits, or the bank feed is late, WHMCS sends no overdue notice and stops nothing."
        ),
        form=form,
        submit=_("Save"),
        steps=(
            _("It needs the addon module in this WHMCS, which asks before its daily run."),
            _("A hold ends with the decision, when WHMCS shows the payment, or after these days."),
            _("Each hold is in WHMCS's activity log and on the client's page there; the module can switch it off."),
        ),
        cancel_url=link("connections"),
    )
    return show(request, "dashboard/connections/form.html", page, code=422 if form.errors else 200)


def connection_or_404(kind: str, public_id: uuid.UUID) -> Any:
    """Return this tenant's connection; anybody else's is 404."""
    if kind not in _MODELS:
        raise Http404
    return get_object_or_404(_MODELS[kind], public_id=public_id)


def _read(model: type[WhmcsInstance | StripeConnection]) -> QuerySet[Any]:
    """Return the rows that are read: their access works, and nobody has paused them."""
    if model is WhmcsInstance:
        return whmcs_selectors.working_instances()
    return StripeConnection.objects.filter(state=StripeConnection.State.ACTIVE)


@require_POST
@requires_permission("connections.change")
def sync(request: HttpRequest, kind: str, public_id: uuid.UUID) -> HttpResponse:
    """Leave the connection due now, and wake a worker."""
    row, now = connection_or_404(kind, public_id), timezone.now()
    try:
        if kind == "bank":
            due = schedule.request_fetch(connection=row, now=now)
        else:
            due = _read(type(row)).filter(pk=row.pk).update(next_sync_at=now)
    except DomainError as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(link("connections"), status=303)
    if due:
        nudge(request, kind)
        messages.success(request, _("Payymo is fetching now."))
    else:
        messages.error(request, _("Nothing is fetched: the connection does not work now, or every account is paused."))
    return HttpResponseRedirect(link("connections"), status=303)


@require_POST
@requires_permission("connections.change")
def sync_all(request: HttpRequest) -> HttpResponse:
    """Leave every connection that works due now, and wake the workers."""
    now, due = timezone.now(), 0
    for row in BankConnection.objects.filter(state=BankConnection.State.LINKED)[: present.LIMIT]:
        due += schedule.request_fetch(connection=row, now=now)
    for model in (WhmcsInstance, StripeConnection):
        due += _read(model).update(next_sync_at=now)
    if due:
        for kind in ("bank", "stripe", "whmcs"):
            nudge(request, kind)
        messages.success(request, _("Payymo is fetching now."))
    else:
        messages.error(request, _("Nothing is fetched: no connection works now."))
    return HttpResponseRedirect(link("overview"), status=303)


def _pause(request: HttpRequest, kind: str, act: Callable[..., Any], paused: str) -> HttpResponse:
    """Pause or resume by `act`, which is told `is_paused` and the time, and say `paused` or what comes of resuming."""
    is_paused = request.POST.get("do") != "resume"
    try:
        act(is_paused=is_paused, now=timezone.now())
    except ObjectDoesNotExist as error:
        raise Http404 from error
    if not is_paused:
        nudge(request, kind)
        if kind == "whmcs":
            nudge(request, "posting")
    messages.success(request, paused if is_paused else _("Resumed. What came in meanwhile is being fetched."))
    return HttpResponseRedirect(link("connections"), status=303)


@require_POST
@requires_permission("connections.change")
def pause_account(request: HttpRequest, account_id: uuid.UUID) -> HttpResponse:
    """Leave one bank account out for a while, or fetch it again."""
    said = _("Paused. Nothing more of this account is fetched until you resume it.")
    return _pause(request, "bank", partial(pausing.pause_account, account_id=account_id), said)


@require_POST
@requires_permission("connections.change")
def pause_gateway(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Leave an account at Stripe or GoCardless alone for a while, or go on reading it."""
    said = _("Paused. What the gateway reports is kept, and read when you resume.")
    return _pause(request, "stripe", partial(gateway_pausing.pause_connection, connection_id=public_id), said)


@require_POST
@requires_permission("connections.change")
def pause_whmcs(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Leave a WHMCS alone for a while, or go on reading it and posting to it."""
    said = _("Paused. Nothing more is read from this WHMCS, and approved payments wait until you resume it.")
    return _pause(request, "whmcs", partial(whmcs_pausing.pause_instance, instance_id=public_id), said)


def _remove_bank(row: Any, *, erases: bool, now: datetime) -> None:
    provider = provider_keys.provider(row.provider, now=now)
    if erases:
        disconnecting.withdraw_consent(connection=row, provider=provider, now=now)
    else:
        disconnecting.remove_connection(connection=row, provider=provider)


@require_POST
@requires_permission("connections.change", asks_again=True)
def remove(request: HttpRequest, kind: str, public_id: uuid.UUID) -> HttpResponse:
    """Remove a connection; what was read stays."""
    row, now = connection_or_404(kind, public_id), timezone.now()
    try:
        if kind == "whmcs":
            whmcs.remove_instance(instance=row, now=now)
        elif kind == "stripe":
            stripe.remove_connection(connection=row)
        else:
            _remove_bank(row, erases="erase" in request.POST, now=now)
    except (DomainError, ProviderError) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Removed. What was read before stays."))
    return HttpResponseRedirect(link("connections"), status=303)
