"""Connecting WHMCS, banks and Stripe, and looking after the connections."""

import uuid
from typing import Any

from celery import current_app
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import requires_permission
from banking.models import BankConnection
from banking.services import connecting as banks
from banking.services import provider_keys, schedule
from payments.models import StripeConnection
from payments.services import connecting as stripe
from payymo.dashboard.forms import BankKeysForm, StripeForm, WhmcsForm
from payymo.dashboard.links import link
from payymo.dashboard.pages import BankPage, ConnectFormPage, Institution
from payymo.dashboard.presenters import connections as present
from payymo.dashboard.shell import shell_of
from payymo.shared.errors import DomainError, ProviderError
from whmcs.models import WhmcsInstance
from whmcs.services import connection as whmcs

_FETCH = {
    "whmcs": "whmcs.tasks.sync_due_instances",
    "bank": "banking.tasks.sync_due_accounts",
    "stripe": "payments.tasks.sync_due_connections",
}
_MODELS = {"whmcs": WhmcsInstance, "bank": BankConnection, "stripe": StripeConnection}
MOST_BANKS = 60


def _show(request: HttpRequest, template: str, page: Any, *, code: int = 200) -> HttpResponse:
    return render(request, template, {"shell": shell_of(request, "connections"), "page": page}, status=code)


def nudge(request: HttpRequest, kind: str) -> None:
    """Wake a worker after the commit; without a broker the next beat does the same."""
    arguments = {"tenant_id": str(request.tenant.public_id)}
    transaction.on_commit(
        lambda: current_app.send_task(_FETCH[kind], kwargs=arguments, expires=300, retry=False), robust=True
    )


@require_GET
@requires_permission("connections.view")
def connections(request: HttpRequest) -> HttpResponse:
    """List every connection and its health."""
    return _show(request, "dashboard/connections/list.html", present.listing(request, now=timezone.now()))


@require_http_methods(["GET", "POST"])
@requires_permission("connections.change")
def connect_whmcs(request: HttpRequest) -> HttpResponse:
    """Connect a WHMCS installation."""
    form = WhmcsForm(request.POST or None)
    error = ""
    if request.method == "POST" and form.is_valid():
        try:
            whmcs.connect_instance(**form.cleaned_data, now=timezone.now())
        except (DomainError, ProviderError) as refused:
            error = str(refused)
        else:
            nudge(request, "whmcs")
            messages.success(request, _("WHMCS is connected. Its invoices are being read."))
            return HttpResponseRedirect(link("connections"), status=303)
    page = ConnectFormPage(
        kind="whmcs",
        title=_("Connect WHMCS"),
        intro=_("Payymo reads clients and invoices, and posts approved payments."),
        form=form,
        submit=_("Test and connect"),
        steps=(
            _("In WHMCS open Configuration, System Settings, Manage API Credentials."),
            _("Make a role with the billing and client actions, then a credential with it."),
            _("Allow Payymo's address under General Settings, Security, API IP Access Restriction."),
        ),
        cancel_url=link("connections"),
        error=error,
    )
    return _show(request, "dashboard/connections/form.html", page, code=422 if error or form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires_permission("connections.change")
def connect_stripe(request: HttpRequest) -> HttpResponse:
    """Connect a Stripe account with a restricted key."""
    form = StripeForm(request.POST or None)
    error = ""
    if request.method == "POST" and form.is_valid():
        try:
            stripe.connect_with_restricted_key(**form.cleaned_data, now=timezone.now())
        except (DomainError, ProviderError) as refused:
            error = str(refused)
        else:
            nudge(request, "stripe")
            messages.success(request, _("Stripe is connected. Its charges are being read."))
            return HttpResponseRedirect(link("connections"), status=303)
    page = ConnectFormPage(
        kind="stripe",
        title=_("Connect Stripe"),
        intro=_("Payymo only reads: charges, refunds, disputes, payouts and the balance."),
        form=form,
        submit=_("Check and connect"),
        steps=(
            _("In Stripe open Developers, API keys, and create a restricted key."),
            _("Give it Read for Charges, Refunds, Disputes, Payouts, Balance, Events; nothing to write."),
            _("For events as they happen add a webhook endpoint and paste its signing secret."),
        ),
        cancel_url=link("connections"),
        error=error,
    )
    return _show(request, "dashboard/connections/form.html", page, code=422 if error or form.errors else 200)


def callback_url(request: HttpRequest) -> str:
    """Return where the bank sends the person back to: the tenant's own stored host."""
    return request.build_absolute_uri(link("bank_callback"))


@require_http_methods(["GET", "POST"])
@requires_permission("connections.change")
def connect_bank(request: HttpRequest) -> HttpResponse:
    """Choose a bank, then go on to its consent page by a plain link."""
    if not provider_keys.has_provider_key():
        return _bank_keys(request)
    now, country, error = timezone.now(), request.GET.get("country", ""), ""
    provider = provider_keys.provider(now=now)
    found: tuple[Institution, ...] = ()
    started = None
    try:
        if request.method == "POST":
            chosen = request.POST.get("institution", "")[:120]
            started = banks.start_consent(
                institution_id=chosen,
                user_id=request.user.pk,
                redirect_url=callback_url(request),
                provider=provider,
                now=now,
            )
        elif country:
            text = request.GET.get("q", "").strip().lower()[:60]
            listed = banks.list_institutions(country=country, provider=provider)
            found = tuple(Institution(bank.id, bank.name, bank.bic) for bank in listed if text in bank.name.lower())[
                :MOST_BANKS
            ]
    except (DomainError, ProviderError) as refused:
        error = str(refused)
    page = BankPage(
        countries=present.country_choices(country),
        institutions=found,
        country=country,
        q=request.GET.get("q", "")[:60],
        chosen=started.institution_name if started else "",
        consent_url=started.consent_link if started else "",
        consent_days=started.access_days if started else 0,
        cancel_url=link("connections"),
        error=error,
    )
    return _show(request, "dashboard/connections/bank.html", page, code=422 if error else 200)


def _bank_keys(request: HttpRequest) -> HttpResponse:
    form = BankKeysForm(request.POST or None)
    error = ""
    if request.method == "POST" and form.is_valid():
        try:
            provider_keys.save_provider_key(**form.cleaned_data, now=timezone.now())
            return HttpResponseRedirect(link("connect_bank"), status=303)
        except (DomainError, ProviderError) as refused:
            error = str(refused)
    page = BankPage(
        countries=present.country_choices(""), credentials=form, cancel_url=link("connections"), error=error
    )
    return _show(request, "dashboard/connections/bank.html", page, code=422 if error or form.errors else 200)


@require_GET
@requires_permission("connections.change")
def bank_callback(request: HttpRequest) -> HttpResponse:
    """Take the person back from the bank. Nothing in the query is believed; the provider is asked."""
    now = timezone.now()
    try:
        connection = banks.finish_consent(
            reference=request.GET.get("ref", "")[:256],
            user_id=request.user.pk,
            provider=provider_keys.provider(now=now),
            now=now,
            error_code=request.GET.get("error", "")[:60],
        )
    except (DomainError, ProviderError) as refused:
        messages.error(request, str(refused))
    else:
        if connection.state == BankConnection.State.LINKED:
            nudge(request, "bank")
            messages.success(
                request, _("%s is connected. Its transactions are being read.") % connection.institution_name
            )
        elif connection.state == BankConnection.State.PENDING:
            messages.info(request, _("The bank is still preparing your accounts. Payymo goes on by itself."))
        else:
            messages.error(request, connection.last_error)
    return HttpResponseRedirect(link("connections"))


def _connection(kind: str, public_id: uuid.UUID) -> Any:
    if kind not in _MODELS:
        raise Http404
    return get_object_or_404(_MODELS[kind], public_id=public_id)


@require_POST
@requires_permission("connections.change")
def sync(request: HttpRequest, kind: str, public_id: uuid.UUID) -> HttpResponse:
    """Leave the connection due now, and wake a worker."""
    row, now = _connection(kind, public_id), timezone.now()
    try:
        if kind == "bank":
            due = schedule.request_fetch(connection=row, now=now)
        else:
            due = type(row).objects.filter(pk=row.pk, state="ACTIVE").update(next_sync_at=now)
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
def remove(request: HttpRequest, kind: str, public_id: uuid.UUID) -> HttpResponse:
    """Remove a connection; what was read stays."""
    row, now = _connection(kind, public_id), timezone.now()
    try:
        if kind == "whmcs":
            whmcs.remove_instance(instance=row, now=now)
        elif kind == "stripe":
            stripe.remove_connection(connection=row)
        else:
            banks.remove_connection(connection=row, provider=provider_keys.provider(now=now))
    except (DomainError, ProviderError) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Removed. What was read before stays."))
    return HttpResponseRedirect(link("connections"), status=303)


@require_POST
@requires_permission("connections.change")
def renew(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Prepare a new consent at the same bank and show the link to it."""
    row, now = _connection("bank", public_id), timezone.now()
    try:
        started = banks.renew_consent(
            connection=row,
            user_id=request.user.pk,
            redirect_url=callback_url(request),
            provider=provider_keys.provider(now=now),
            now=now,
        )
    except (DomainError, ProviderError) as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(link("connections"), status=303)
    page = BankPage(
        countries=present.country_choices(row.country),
        country=row.country,
        chosen=started.institution_name,
        consent_url=started.consent_link,
        consent_days=started.access_days,
        cancel_url=link("connections"),
    )
    return _show(request, "dashboard/connections/bank.html", page)
