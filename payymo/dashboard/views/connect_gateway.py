"""Connecting accounts at gateways: with a pasted key, or by the owner's consent at Stripe."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.guards import requires_permission
from payments.services import connecting, oauth
from payymo.dashboard.forms import GoCardlessForm, StripeForm
from payymo.dashboard.links import link
from payymo.dashboard.pages import ConnectFormPage
from payymo.dashboard.views.connections import answer_form, nudge, show
from payymo.dashboard.views.end_of_sample import asked_of_sample, tell_end_of_sample
from payymo.shared.errors import DomainError, ProviderError


def stripe_page(request: HttpRequest, form: StripeForm, *, error: str = "", **more: Any) -> ConnectFormPage:
    """Build the page that connects Stripe: the key first, and consent at Stripe where that is set up."""
    return ConnectFormPage(
        kind="stripe",
        title=_("Connect Stripe"),
        intro=_("Payymo only reads: charges, refunds, disputes, payouts and the balance."),
        form=form,
        submit=_("Check and connect"),
        steps=(
            _("In Stripe open Developers, API keys, and create a restricted key."),
            _("Give it Read for Charges, Payment Intents, Refunds, Disputes, Payouts, Balance, Events; no Write."),
            _("For events as they happen add a webhook endpoint with the address below, and paste its signing secret."),
            _("Let it listen to charges, payment intents, refunds, disputes and payouts."),
        ),
        endpoint=request.build_absolute_uri("/api/v1/webhooks/stripe/"),
        cancel_url=link("connections"),
        post_url=link("connect_stripe"),
        error=error,
        consents=tuple(
            (mode, label)
            for mode, livemode, label in (
                ("live", True, _("Connect with Stripe")),
                ("test", False, _("Connect a test account")),
            )
            if oauth.is_offered(livemode=livemode)
        ),
        **more,
    )


@require_http_methods(["GET", "POST"])
@requires_permission("connections.change", asks_again=True)
def connect_stripe(request: HttpRequest) -> HttpResponse:
    """Connect a Stripe account with a restricted key."""
    page = stripe_page(request, StripeForm(request.POST or None))
    done = _("Stripe is connected. Its charges are being read.")
    return answer_form(request, page, kind="stripe", act=connecting.connect_with_restricted_key, done=done)


@require_http_methods(["GET", "POST"])
@requires_permission("connections.change", asks_again=True)
def connect_gocardless(request: HttpRequest) -> HttpResponse:
    """Connect a GoCardless account with an access token."""
    page = ConnectFormPage(
        kind="stripe",
        title=_("Connect GoCardless"),
        intro=_("Payymo only reads: payments, refunds, payouts and what they hold."),
        form=GoCardlessForm(request.POST or None),
        submit=_("Check and connect"),
        steps=(
            _("In GoCardless open Developers, Create, Access token, and choose read-only access."),
            _("For events as they happen create a webhook endpoint there with the address below."),
            _("Paste the secret of that endpoint here."),
        ),
        endpoint=request.build_absolute_uri("/api/v1/webhooks/gocardless/"),
        cancel_url=link("connections"),
    )
    done = _("GoCardless is connected. Its payments are being read.")
    return answer_form(request, page, kind="stripe", act=connecting.connect_with_access_token, done=done)


@require_POST
@requires_permission("connections.change", asks_again=True)
def stripe_consent(request: HttpRequest) -> HttpResponse:
    """Begin an attempt and show the link to Stripe."""
    asked_of_sample(request)
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_SCHEME == "http" else ""
    try:
        url = oauth.start(
            session_key=request.session.session_key or "",
            redirect_url=f"{settings.PUBLIC_SCHEME}://{settings.STAFF_HOST}{port}/connect/stripe/",
            livemode=request.POST.get("mode") == "live",
            now=timezone.now(),
        )
    except DomainError as refused:
        page = stripe_page(request, StripeForm(), error=str(refused))
        return show(request, "dashboard/connections/form.html", page, code=422)
    return show(request, "dashboard/connections/form.html", stripe_page(request, StripeForm(), consent_url=url))


@require_GET
@requires_permission("connections.change")
def stripe_callback(request: HttpRequest) -> HttpResponse:
    """Take the owner back from Stripe."""
    try:
        connection = oauth.finish(
            session_key=request.session.session_key or "",
            state=request.GET.get("state", "")[:500],
            code=request.GET.get("code", "")[:500],
            now=timezone.now(),
        )
    except (DomainError, ProviderError) as refused:
        messages.error(request, str(refused))
    else:
        nudge(request, "stripe")
        told = {"name": connection.account_name or "Stripe", "account": connection.account_id}
        said = _("%(name)s (%(account)s) is connected. Its charges are being read.")
        if connection.is_paused:
            said = _("%(name)s (%(account)s) is connected. It stays paused.")
        messages.success(request, said % told)
        tell_end_of_sample(request)
    return HttpResponseRedirect(link("connections"))
