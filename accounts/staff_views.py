"""The staff host: the second step of signing in, and one's own password, passkeys, sessions and language there."""

import uuid

from django.conf import settings
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import pending_sign_in
from accounts.forms import CodeForm, LanguageForm, NewPasskeyForm, PasskeyForm, PasswordForm
from accounts.rendering import render_with
from accounts.services import own_language, passkeys, passwords, second_factor, sessions, step_up
from accounts.services.attempts import TooManyAttempts
from accounts.services.client_address import client_address
from accounts.services.second_factor import WrongCode
from accounts.services.sign_in import SignInRefused, finish_staff_sign_in
from payymo.shared.errors import DomainError
from tenants.middleware import host_of

_CONSOLE = "Payymo"
_MOST_SESSIONS = 50
_YEAR = 365 * 24 * 3600


def onward(request: HttpRequest) -> str:
    """Return `next` if it is a path of the console, else its first page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    own = wanted.startswith("/admin/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if own else reverse("admin:index")


@sensitive_post_parameters("code", "passkey")
@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """Ask a member of staff, whose password was right within five minutes, for the passkey or a code."""
    now = timezone.now()
    found = pending_sign_in.find_staff(request.session, now=now)
    if found is None:
        return redirect("admin:login")
    place = passkeys.place_of(host_of(request), request.session)
    by_passkey = PasskeyForm(request.POST) if request.POST.get("passkey") else None
    form = CodeForm(request.POST if request.method == "POST" and by_passkey is None else None)
    given = by_passkey or form
    status, headers, error_text = (422 if given.is_bound else 200), {}, ""
    if given.is_bound and given.is_valid():
        try:
            finish_staff_sign_in(
                user=found.user, **given.cleaned_data, place=place, address=client_address(request), now=now
            )
        except TooManyAttempts as error:
            status, headers, error_text = 429, {"Retry-After": str(error.retry_after)}, str(error)
        except SignInRefused:
            error_text = str(passkeys.PasskeyRefused() if by_passkey else WrongCode())
        else:
            pending_sign_in.forget(request.session)
            login(request, found.user)
            return HttpResponseRedirect(found.onward)
    options = passkeys.begin_using(user=found.user, place=place, now=now)
    page = {
        "tenant_name": _CONSOLE,
        "form": form,
        "error": error_text,
        "passkey_options": options,
        "takes_code": not options or second_factor.takes_code(found.user),
        "start_url": reverse("admin:login"),
    }
    return render_with(request, "accounts/second_factor.html", page, status=status, headers=headers)


@sensitive_post_parameters("passkey")
@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def own_passkeys(request: HttpRequest) -> HttpResponse:
    """Show one's own passkeys of this host, and keep one that an authenticator made."""
    if again := _sign_in_again(request):
        return again
    form = NewPasskeyForm(request.POST if request.method == "POST" else None)
    codes = _add(request, form) if form.is_bound else ()
    if form.is_bound and not (codes or form.errors):
        return HttpResponseRedirect(reverse("admin:passkeys"), status=303)
    return _page(request, form, codes)


@csrf_protect
@never_cache
@require_POST
def remove_passkey(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Remove one of one's own passkeys."""
    if again := _sign_in_again(request):
        return again
    given = {"host": host_of(request), "public_id": public_id, "now": timezone.now()}
    if not passkeys.remove(user=request.user, tenant=None, **given):
        raise Http404
    return HttpResponseRedirect(reverse("admin:passkeys"), status=303)


@sensitive_post_parameters("current", "new")
@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def own_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password, by the same rules as a member's; every other session ends."""
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            passwords.change_password(
                user=request.user,
                tenant=None,
                **form.cleaned_data,
                keep=request.browser_session,
                address=client_address(request),
                now=timezone.now(),
            )
        except DomainError as error:
            form.add_error("new" if isinstance(error, passwords.WeakPassword) else "current", str(error))
        else:
            update_session_auth_hash(request, request.user)
            return HttpResponseRedirect(reverse("admin:password_change_done"), status=303)
    page = {"form": form, "console_url": reverse("admin:index")}
    return render_with(request, "accounts/staff_password.html", page, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD"])
def own_sessions(request: HttpRequest) -> HttpResponse:
    """Show where one is signed in on the staff host."""
    rows = sessions.alive_sessions(user=request.user, tenant=None, now=timezone.now()).order_by("-last_used_at", "-pk")
    page = {"rows": rows[:_MOST_SESSIONS], "current": request.browser_session, "console_url": reverse("admin:index")}
    return render_with(request, "accounts/staff_sessions.html", page)


@csrf_protect
@never_cache
@require_POST
def end_session(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """End one of one's own sessions; the one that asks too, which signs it out."""
    now = timezone.now()
    row = sessions.alive_sessions(user=request.user, tenant=None, now=now).filter(public_id=public_id).first()
    if row is None:
        raise Http404
    sessions.revoke_one(session=row, now=now)
    return HttpResponseRedirect(reverse("admin:sessions"), status=303)


@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def language(request: HttpRequest) -> HttpResponse:
    """Choose the language of one's own pages and mails; a cookie keeps it for the sign-in."""
    form = LanguageForm(request.POST if request.method == "POST" else None, initial={"language": get_language()})
    if not form.is_valid():
        page = {"form": form, "console_url": reverse("admin:index")}
        return render_with(request, "accounts/staff_language.html", page, status=422 if form.errors else 200)
    chosen = form.cleaned_data["language"]
    own_language.choose(user=request.user, language=chosen)
    answer = HttpResponseRedirect(reverse("admin:index"), status=303)
    cookie = {"max_age": _YEAR, "samesite": "Lax", "secure": settings.SESSION_COOKIE_SECURE}
    answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, **cookie)
    return answer


def _sign_in_again(request: HttpRequest) -> HttpResponse | None:
    """Return the way to the sign-in for whoever signed in more than a quarter of an hour ago, or None."""
    if step_up.is_fresh(request.browser_session.confirmed_at, now=timezone.now()):
        return None
    logout(request)
    return redirect(f"{reverse('admin:login')}?next={reverse('admin:passkeys')}")


def _add(request: HttpRequest, form: NewPasskeyForm) -> tuple[str, ...]:
    """Keep the passkey, or note in the form why not; return recovery codes if it is the first second factor."""
    if not form.is_valid():
        return ()
    now, place = timezone.now(), passkeys.place_of(host_of(request), request.session)
    given = {"answer": form.cleaned_data["passkey"], "name": form.cleaned_data["name"]}
    try:
        codes = passkeys.add(user=request.user, tenant=None, place=place, **given, now=now)
    except passkeys.PasskeyRefused as error:
        form.add_error("name", str(error))
        return ()
    return codes


def _page(request: HttpRequest, form: NewPasskeyForm, codes: tuple[str, ...]) -> HttpResponse:
    place = passkeys.place_of(host_of(request), request.session)
    try:
        options = passkeys.begin_adding(user=request.user, tenant=None, place=place, now=timezone.now())
    except passkeys.TooManyPasskeys:
        options = ""
    page = {
        "host": place.host,
        "codes": codes,
        "form": form,
        "rows": passkeys.of(request.user, place.host),
        "options": options,
        "console_url": reverse("admin:index"),
    }
    return render_with(request, "accounts/staff_passkeys.html", page, status=422 if form.errors else 200)
