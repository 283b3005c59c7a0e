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
from accounts.forms import CodeForm, PasswordForm
from accounts.guards import for_members
from accounts.services import passwords, second_factor, sessions
from accounts.services.client_address import client_address
from payymo.dashboard.presenters import account as present
from payymo.dashboard.shell import shell_of
from payymo.shared.errors import DomainError

_OF_SECOND_FACTOR = frozenset({"begin", "confirm", "renew", "remove"})


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
    elif act == "confirm":
        return second_factor.confirm(user=user, code=code, now=now)
    elif act == "renew":
        return second_factor.renew_recovery_codes(user=user, code=code, now=now)
    elif act == "remove":
        second_factor.remove(user=user, code=code, now=now)
    return ()


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
    """Sign out everywhere, at every company, here too."""
    sessions.revoke_sessions_of(
        user=request.user, tenant=None, at=request.tenant, reason="ended_by_user", now=timezone.now()
    )
    logout(request)
    return HttpResponseRedirect(resolve_url("accounts:login"), status=303)


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
