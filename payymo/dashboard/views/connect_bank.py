"""Connecting a bank: choose it, agree at the bank, come back, and renew the consent later."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import requires_permission
from banking.models import BankConnection
from banking.services import connecting as banks
from banking.services import provider_keys
from payymo.dashboard.forms import BankKeysForm
from payymo.dashboard.links import link
from payymo.dashboard.pages import BankPage, Institution
from payymo.dashboard.presenters import connections as present
from payymo.dashboard.views.connections import connection_or_404, nudge, show
from payymo.shared.errors import DomainError, ProviderError

MOST_BANKS = 60


def callback_url(request: HttpRequest) -> str:
    """Return where the bank sends the person back to: the tenant's own stored host."""
    return request.build_absolute_uri(link("bank_callback"))


@require_http_methods(["GET", "POST"])
@requires_permission("connections.change", asks_again=True)
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
    if not country:
        # A second bank is mostly in the country of the first.
        country = BankConnection.objects.order_by("-pk").values_list("country", flat=True).first() or ""
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
    return show(request, "dashboard/connections/bank.html", page, code=422 if error else 200)


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
    return show(request, "dashboard/connections/bank.html", page, code=422 if error or form.errors else 200)


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


@require_POST
@requires_permission("connections.change")
def renew(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Prepare a new consent at the same bank and show the link to it."""
    row, now = connection_or_404("bank", public_id), timezone.now()
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
    return show(request, "dashboard/connections/bank.html", page)
