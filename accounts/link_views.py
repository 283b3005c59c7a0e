"""The pages that links of mails lead to: accepting an invitation, asking for a new password and choosing it.

A link's secret leaves the address at once: it is kept in the browser's session, and the page that asks has none in its
address, which may be written down in logs and histories.
"""

from contextlib import AbstractContextManager

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import AcceptForm, ForgottenForm, NewPasswordForm
from accounts.guards import led_on
from accounts.services import attempts, invitations, resetting, second_factor
from accounts.services.attempts import TooManyAttempts
from accounts.services.client_address import client_address
from accounts.services.passwords import WeakPassword
from payymo.shared.errors import DomainError

_KEPT = "payymo_link"


@never_cache
@require_GET
@sensitive_variables("token")
def open_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Take the secret out of the address."""
    return _opened(request, token, "accounts:invite")


@never_cache
@require_GET
@sensitive_variables("token")
def open_reset(request: HttpRequest, token: str) -> HttpResponse:
    """Take the secret out of the address."""
    return _opened(request, token, "accounts:reset")


def _opened(request: HttpRequest, token: str, page: str) -> HttpResponse:
    # Without the session that the browser has, a new one would be begun, and not come along to the page either.
    if elsewhere := led_on(request):
        return elsewhere
    request.session[_KEPT] = token
    return redirect(page)


@sensitive_post_parameters("password", "code")
@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest) -> HttpResponse:
    """Show who invites whom to what, and make the person a member."""
    token = request.session.get(_KEPT, "")
    try:
        with _limited(request, invitations.InvitationOver):
            invitation = invitations.find(token=token, tenant=request.tenant, now=timezone.now())
    except (invitations.InvitationOver, TooManyAttempts) as over:
        return _over(request, over)
    known = invitations.has_account(invitation)
    form = AcceptForm(request.POST if request.method == "POST" else None, is_known=known)
    if not form.is_valid():
        return _accept_page(request, invitation, form, status=422 if form.is_bound else 200)
    try:
        membership = invitations.accept(
            token=token,
            tenant=request.tenant,
            language=get_language() or "",
            address=client_address(request),
            now=timezone.now(),
            **form.cleaned_data,
        )
    except invitations.InvitationOver as over:
        return _over(request, over)
    except DomainError as error:
        form.add_error("password", str(error))
        return _accept_page(request, invitation, form, status=error.status, error=error)
    login(request, membership.user)
    request.session.pop(_KEPT, None)
    return redirect(resolve_url(settings.LOGIN_REDIRECT_URL))


def _accept_page(
    request: HttpRequest,
    invitation: invitations.Invitation,
    form: AcceptForm,
    *,
    status: int,
    error: DomainError | None = None,
) -> HttpResponse:
    page = {
        "tenant_name": request.tenant.name,
        "email": invitation.email,
        "role": invitation.role.label,
        "is_known": form.is_known,
        "form": form,
    }
    answer = render(request, "accounts/invite.html", {"page": page}, status=status)
    return _with_wait(answer, error)


@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link; the answer is the same for every address."""
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    page = {"tenant_name": request.tenant.name, "form": form, "is_sent": False}
    if not form.is_valid():
        return render(request, "accounts/forgotten.html", {"page": page}, status=422 if form.is_bound else 200)
    try:
        resetting.request_reset(
            email=form.cleaned_data["email"],
            tenant=request.tenant,
            address=client_address(request),
            now=timezone.now(),
        )
    except TooManyAttempts as error:
        form.add_error(None, str(error))
        return _with_wait(render(request, "accounts/forgotten.html", {"page": page}, status=error.status), error)
    page["is_sent"] = True
    return render(request, "accounts/forgotten.html", {"page": page})


@sensitive_post_parameters("new")
@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password(request: HttpRequest) -> HttpResponse:
    """Choose a new password by the link; signing in is another step, with the second factor where there is one."""
    token = request.session.get(_KEPT, "")
    try:
        with _limited(request, resetting.ResetOver):
            user = resetting.find(token=token, tenant=request.tenant, now=timezone.now())
        form = NewPasswordForm(request.POST if request.method == "POST" else None)
        status = 422 if form.is_bound else 200
        if form.is_valid():
            resetting.reset_password(
                token=token, tenant=request.tenant, new=form.cleaned_data["new"], now=timezone.now()
            )
            request.session.flush()
            messages.success(request, _("Your password is changed. Every session has ended; sign in with the new one."))
            return redirect("accounts:login")
    except (resetting.ResetOver, TooManyAttempts) as over:
        return _over(request, over)
    except WeakPassword as weak:
        form.add_error("new", str(weak))
        status = weak.status
    page = {
        "tenant_name": request.tenant.name,
        "email": user.email,
        "form": form,
        "asks_code": second_factor.is_set_up(user),
    }
    return render(request, "accounts/reset.html", {"page": page}, status=status)


def _limited(request: HttpRequest, failure: type[Exception]) -> AbstractContextManager[None]:
    """Count links that open nothing, by the visitor's address."""
    return attempts.counting_failures(
        attempts.LINKS_PER_ADDRESS,
        value=client_address(request),
        tenant=request.tenant,
        failure=failure,
        now=timezone.now(),
    )


def _over(request: HttpRequest, error: DomainError) -> HttpResponse:
    request.session.pop(_KEPT, None)
    page = {"tenant_name": request.tenant.name, "text": str(error)}
    return _with_wait(render(request, "accounts/link_over.html", {"page": page}, status=error.status), error)


def _with_wait(answer: HttpResponse, error: DomainError | None) -> HttpResponse:
    if isinstance(error, TooManyAttempts):
        answer["Retry-After"] = str(error.retry_after)
    return answer
