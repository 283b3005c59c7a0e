"""The page of one's own account, open to every member whatever their role."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import confirming
from accounts.forms import CodeForm, NewPasskeyForm, PasswordForm
from accounts.guards import for_members
from accounts.rendering import forgotten
from accounts.services import passkeys, passwords, second_factor, sessions
from accounts.services.client_address import client_address
from payymo.dashboard.pages.account import NewPasskeyPage
from payymo.dashboard.presenters import account as present
from payymo.dashboard.shell import shell_of
from payymo.shared.errors import DomainError
from tenants.middleware import host_of


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def account(request: HttpRequest) -> HttpResponse:
    """Show the account; a POST does one act of the second factor."""
    form = CodeForm(request.POST if request.POST.get("code") is not None else None)
    if request.method != "POST":
        return _page(request, code_form=form)
    if asked := confirming.question(request):
        return asked
    try:
        codes = _act(request, form)
    except DomainError as error:
        if form.is_bound:
            form.add_error("code", str(error))
        return _page(request, code_form=form)
    return _page(request, code_form=CodeForm(), codes=codes) if codes else _back()


def _act(request: HttpRequest, form: CodeForm) -> tuple[str, ...]:
    """Do what the pressed button says; return recovery codes where some were made."""
    user, now, act = request.user, timezone.now(), request.POST.get("act", "")
    code = form.cleaned_data["code"] if form.is_bound and form.is_valid() else ""
    if act == "begin":
        second_factor.begin(user=user, issuer=present.issuer(request))
        return ()
    codes: tuple[str, ...] = ()
    if act == "confirm":
        codes = second_factor.confirm(user=user, tenant=request.tenant, code=code, now=now)
    elif act == "renew":
        codes = second_factor.renew_recovery_codes(user=user, tenant=request.tenant, code=code, now=now)
    elif act == "remove":
        second_factor.remove(user=user, tenant=request.tenant, code=code, now=now)
    else:
        raise Http404
    return codes


@sensitive_post_parameters("passkey")
@require_http_methods(["GET", "HEAD", "POST"])
@for_members
@confirming.asks_again
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Show what the authenticator needs, and keep the passkey that it made."""
    now, place = timezone.now(), passkeys.place_of(host_of(request), request.session)
    form = NewPasskeyForm(request.POST if request.method == "POST" else None)
    try:
        if form.is_valid():
            given = {"answer": form.cleaned_data["passkey"], "name": form.cleaned_data["name"]}
            codes = passkeys.add(user=request.user, tenant=request.tenant, place=place, **given, now=now)
            messages.success(request, _("The passkey is added."))
            return _page(request, codes=codes) if codes else _back()
    except passkeys.PasskeyRefused as error:
        form.add_error("name", str(error))
    try:
        options = passkeys.begin_adding(user=request.user, tenant=request.tenant, place=place, now=now)
    except passkeys.TooManyPasskeys as error:
        messages.error(request, str(error))
        return _back()
    page = NewPasskeyPage(form=form, options=options, host=place.host)
    return render(
        request,
        "dashboard/passkey.html",
        {"shell": shell_of(request, ""), "page": page},
        status=422 if form.errors else 200,
    )


@require_POST
@for_members
@confirming.asks_again
def remove_passkey(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Remove one of one's own passkeys."""
    given = {"host": host_of(request), "public_id": public_id, "now": timezone.now()}
    if not passkeys.remove(user=request.user, tenant=request.tenant, **given):
        raise Http404
    messages.success(request, _("The passkey is removed."))
    return _back()


@sensitive_post_parameters("current", "new")
@require_POST
@for_members
def change_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; every other session ends."""
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return _page(request, password_form=form)
    try:
        passwords.change_password(
            user=request.user,
            tenant=request.tenant,
            **form.cleaned_data,
            keep=request.browser_session,
            address=client_address(request),
            now=timezone.now(),
        )
    except DomainError as error:
        form.add_error("new" if isinstance(error, passwords.WeakPassword) else "current", str(error))
        return _page(request, password_form=form, status=error.status)
    update_session_auth_hash(request, request.user)
    messages.success(request, _("Your password is changed. Every other session has ended."))
    return _back()


@require_POST
@for_members
def end_session(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """End one of one's own sessions."""
    now = timezone.now()
    row = sessions.alive_sessions(user=request.user, tenant=request.tenant, now=now).filter(public_id=public_id).first()
    if row is None:
        raise Http404
    sessions.revoke_one(session=row, now=now)
    messages.success(request, _("This session has ended."))
    return _back()


@require_POST
@for_members
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere, at every company, here too unless this browser stays."""
    stays = request.browser_session if request.POST.get("here") == "stays" else None
    sessions.revoke_sessions_of(
        user=request.user,
        tenant=None,
        at=request.tenant,
        reason="ended_by_user",
        keep=stays.pk if stays else None,
        now=timezone.now(),
    )
    if stays:
        messages.success(request, _("Every other session has ended."))
        return _back()
    logout(request)
    return forgotten(HttpResponseRedirect(resolve_url("accounts:login"), status=303))


def _back() -> HttpResponse:
    answer = redirect("dashboard:account")
    answer.status_code = 303
    return answer


def _page(
    request: HttpRequest,
    *,
    code_form: Any = None,
    password_form: Any = None,
    codes: tuple[str, ...] = (),
    status: int = 422,
) -> HttpResponse:
    forms = (code_form or CodeForm(), password_form or PasswordForm())
    page = present.page(request, code_form=forms[0], password_form=forms[1], codes=codes, now=timezone.now())
    wrong = any(form.errors for form in forms)
    return render(
        request,
        "dashboard/account.html",
        {"shell": shell_of(request, ""), "page": page},
        status=status if wrong else 200,
    )
