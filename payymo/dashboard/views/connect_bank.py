"""Connecting a bank: choose it, agree at the bank, come back, and renew the consent later."""

import uuid
from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import requires_permission
from banking.models import BankConnection, BankProvider
from banking.services import connecting as banks
from banking.services import consent_finishing, institutions, provider_keys
from payymo.dashboard.forms import BankKeysForm, EnableBankingKeysForm, SetupTokenForm
from payymo.dashboard.links import link
from payymo.dashboard.pages import BankPage, Choice, Institution
from payymo.dashboard.presenters import connections as present
from payymo.dashboard.views.connections import connection_or_404, nudge, show
from payymo.dashboard.views.end_of_sample import asked_of_sample, tell_end_of_sample
from payymo.shared.errors import DomainError, ProviderError

MOST_BANKS = 60
# Only from the providers themselves does a browser fetch a picture.
_LOGO_HOSTS = ("https://cdn-logos.gocardless.com/", "https://enablebanking.com/")
_KEY_FORMS: dict[str, type[Form]] = {
    BankProvider.ENABLE_BANKING: EnableBankingKeysForm,
    BankProvider.GOCARDLESS: BankKeysForm,
}


def callback_url(request: HttpRequest) -> str:
    """Return where the bank sends the person back to: the tenant's own stored host."""
    return request.build_absolute_uri(link("bank_callback"))


def _chosen(request: HttpRequest) -> provider_keys.Choice:
    """Return the provider that was asked for, or the one that suits; an unknown one is as none."""
    asked = request.POST.get("provider") or request.GET.get("provider") or ""
    listed = {one.key: one for one in provider_keys.choices()}
    return listed.get(asked) or listed[provider_keys.default_choice()]


def _page(way: provider_keys.Choice, country: str = "", **more: Any) -> BankPage:
    providers = tuple(Choice(one.key, one.name, one.key == way.key) for one in provider_keys.choices())
    return BankPage(
        countries=present.country_choices(country),
        country=country,
        providers=providers,
        provider=way.key,
        cancel_url=link("connections"),
        **more,
    )


def _show(request: HttpRequest, page: BankPage, *, failed: bool = False) -> HttpResponse:
    return show(request, "dashboard/connections/bank.html", page, code=422 if failed else 200)


@csp_update({"img-src": list(_LOGO_HOSTS)})  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "POST"])
@requires_permission("connections.change", asks_again=True)
def connect_bank(request: HttpRequest) -> HttpResponse:
    """Choose a bank, then go on to its consent page by a plain link."""
    asked_of_sample(request)
    chosen = _chosen(request)
    if not chosen.is_ready:
        return _bank_keys(request, chosen)
    if not chosen.capabilities.needs_redirect:
        return _setup_token(request, chosen)
    now, country, text = timezone.now(), _country(request), request.GET.get("q", "")[:60]
    provider = provider_keys.provider(chosen.key, now=now)
    more: dict[str, Any] = {}
    try:
        if request.method == "POST":
            started = banks.start_consent(
                institution_id=request.POST.get("institution", "")[:120],
                user_id=request.user.pk,
                redirect_url=callback_url(request),
                provider=provider,
                now=now,
            )
            more = _consent(started)
        elif country:
            listed = institutions.list_institutions(country=country, provider=provider, text=text)[:MOST_BANKS]
            more["institutions"] = tuple(
                Institution(each.id, each.name, each.bic, each.logo if each.logo.startswith(_LOGO_HOSTS) else "")
                for each in listed
            )
    except (DomainError, ProviderError) as refused:
        more["error"] = str(refused)
    return _show(request, _page(chosen, country, q=text, **more), failed="error" in more)


def _country(request: HttpRequest) -> str:
    """Return the country that was asked for; a second bank is mostly in that of the first."""
    asked = request.GET.get("country", "")
    return asked or BankConnection.objects.order_by("-pk").values_list("country", flat=True).first() or ""


def _consent(started: BankConnection) -> dict[str, Any]:
    return {
        "chosen": started.institution_name,
        "consent_url": started.consent_link,
        "consent_days": started.access_days,
    }


def _bank_keys(request: HttpRequest, chosen: provider_keys.Choice) -> HttpResponse:
    form = _KEY_FORMS[chosen.key](request.POST or None)
    error = ""
    if request.method == "POST" and form.is_valid():
        try:
            provider_keys.save_provider_key(
                provider=chosen.key, **form.cleaned_data, redirect_url=callback_url(request), now=timezone.now()
            )
            return HttpResponseRedirect(f"{link('connect_bank')}?provider={chosen.key}", status=303)
        except (DomainError, ProviderError) as refused:
            error = str(refused)
    return _show(request, _page(chosen, credentials=form, error=error), failed=bool(error or form.errors))


def _setup_token(request: HttpRequest, chosen: provider_keys.Choice) -> HttpResponse:
    form, error, now = SetupTokenForm(request.POST or None), "", timezone.now()
    renews = request.POST.get("renews") or request.GET.get("renews") or ""
    row = connection_or_404("bank", _uuid_or_404(renews)) if renews else None
    if request.method == "POST" and form.is_valid():
        try:
            connection = banks.connect_with_token(
                token=form.cleaned_data["setup_token"],
                user_id=request.user.pk,
                provider=provider_keys.provider(chosen.key, now=now),
                now=now,
                renews=row,
            )
            _say(request, connection)
            return HttpResponseRedirect(link("connections"), status=303)
        except (DomainError, ProviderError) as refused:
            error = str(refused)
    return _show(request, _page(chosen, token=form, renews=renews, error=error), failed=bool(error or form.errors))


def _uuid_or_404(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Http404 from error


def _say(request: HttpRequest, connection: BankConnection) -> None:
    """Tell what became of a consent, and wake a worker for one that has accounts."""
    if connection.state == BankConnection.State.LINKED:
        nudge(request, "bank")
        messages.success(request, _("%s is connected. Its transactions are being read.") % connection.institution_name)
        tell_end_of_sample(request)
    elif connection.state == BankConnection.State.PENDING:
        messages.info(request, _("The bank is still preparing your accounts. Payymo goes on by itself."))
    else:
        messages.error(request, connection.error_in_words)


@require_GET
@requires_permission("connections.change")
def bank_callback(request: HttpRequest) -> HttpResponse:
    """Take the person back from the bank. Nothing in the query is believed; the provider is asked."""
    now, query = timezone.now(), request.GET
    reference = (query.get("state") or query.get("ref") or "")[:256]
    try:
        connection = consent_finishing.finish_consent(
            reference=reference,
            user_id=request.user.pk,
            provider=provider_keys.provider(consent_finishing.provider_awaiting(reference=reference), now=now),
            now=now,
            error_code=query.get("error", "")[:60],
            code=query.get("code", "")[:2000],
        )
    except (DomainError, ProviderError) as refused:
        messages.error(request, str(refused))
    else:
        _say(request, connection)
    return HttpResponseRedirect(link("connections"))


@require_POST
@requires_permission("connections.change")
def renew(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Prepare a new consent at the same bank and show the link to it, or ask for another token."""
    row, now = connection_or_404("bank", public_id), timezone.now()
    chosen = provider_keys.choice(row.provider)
    if not chosen.capabilities.needs_redirect:
        return HttpResponseRedirect(f"{link('connect_bank')}?provider={chosen.key}&renews={row.public_id}", status=303)
    try:
        started = banks.renew_consent(
            connection=row,
            user_id=request.user.pk,
            redirect_url=callback_url(request),
            provider=provider_keys.provider(row.provider, now=now),
            now=now,
        )
    except (DomainError, ProviderError) as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(link("connections"), status=303)
    return _show(request, _page(chosen, row.country, **_consent(started)))
