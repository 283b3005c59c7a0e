"""The sign-in page of a tenant's host, signing out, and the public keys."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import pending_sign_in
from accounts.forms import CodeForm, PasskeyForm, SignInForm
from accounts.rendering import forgotten, render_with
from accounts.services import passkeys, second_factor, signing_keys
from accounts.services.attempts import TooManyAttempts
from accounts.services.client_address import client_address
from accounts.services.second_factor import WrongCode
from accounts.services.security_events import record
from accounts.services.sign_in import SecondFactorNeeded, SignInRefused, check_sign_in, finish_sign_in
from tenants.middleware import host_of


@sensitive_post_parameters("password")
@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form, or open a browser session on this host and go on to `next`."""
    onward = _wanted(request) or resolve_url(settings.LOGIN_REDIRECT_URL)
    if request.user.is_authenticated:
        return HttpResponseRedirect(onward)
    form = SignInForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _page(request, form, status=422 if form.is_bound else 200)
    try:
        membership = check_sign_in(
            **form.cleaned_data, tenant=request.tenant, address=client_address(request), now=timezone.now()
        )
    except TooManyAttempts as error:
        form.add_error(None, str(error))
        return _page(request, form, status=429, headers={"Retry-After": str(error.retry_after)})
    except SignInRefused:
        form.add_error(None, _("The e-mail address or the password is not right."))
        return _page(request, form, status=422)
    except SecondFactorNeeded as needed:
        pending_sign_in.begin(request.session, needed.membership, onward=onward, now=timezone.now())
        return redirect("accounts:second_factor")
    login(request, membership.user)
    return HttpResponseRedirect(onward)


@sensitive_post_parameters("code", "passkey")
@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check_second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the code of somebody whose password was right within five minutes, and open their session."""
    now = timezone.now()
    found = pending_sign_in.find(request.session, tenant=request.tenant, now=now)
    if found is None:
        return _start_again(request)
    place = passkeys.place_of(host_of(request), request.session)
    by_passkey = PasskeyForm(request.POST) if request.POST.get("passkey") else None
    form = CodeForm(request.POST if request.method == "POST" and by_passkey is None else None)
    form.fields["code"].widget.attrs["autofocus"] = True
    given = by_passkey or form
    status, headers, error_text = (422 if form.is_bound else 200), {}, ""
    if given.is_bound and given.is_valid():
        try:
            finish_sign_in(
                membership=found.membership,
                **given.cleaned_data,
                place=place,
                address=client_address(request),
                now=now,
            )
        except TooManyAttempts as error:
            status, headers, error_text = 429, {"Retry-After": str(error.retry_after)}, str(error)
        except SignInRefused:
            status, error_text = 422, str(passkeys.PasskeyRefused() if by_passkey else WrongCode())
        else:
            pending_sign_in.forget(request.session)
            login(request, found.membership.user)
            return HttpResponseRedirect(found.onward)
    options = passkeys.begin_using(user=found.membership.user, place=place, now=now)
    page = {
        "tenant_name": request.tenant.name,
        "form": form,
        "error": error_text,
        "passkey_options": options,
        "takes_code": not options or second_factor.takes_code(found.membership.user),
        "start_url": redirect_to_login(found.onward).url,
    }
    return render_with(request, "accounts/second_factor.html", page, status=status, headers=headers)


@csrf_protect
@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the browser session, let the browser forget what it kept of the pages, and go to the sign-in page."""
    if request.user.is_authenticated:
        record(kind="signed_out", tenant=request.tenant, user=request.user, now=timezone.now(), detail="browser")
    logout(request)
    return forgotten(HttpResponseRedirect(resolve_url(settings.LOGIN_URL)))


@require_GET
def jwks(request: HttpRequest) -> HttpResponse:
    """Answer with the public keys that verify tokens. Source: RFC 7517."""
    answer = JsonResponse({"keys": signing_keys.published_keys(now=timezone.now())})
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


def _start_again(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in whoever comes without a password, or too late after it; these say where they wanted to go."""
    onward = pending_sign_in.onward_of(request.session)
    if not onward:
        return redirect("accounts:login")
    pending_sign_in.forget(request.session)
    messages.error(request, _("The sign-in was not finished in time. Sign in once more."))
    return redirect_to_login(onward)


def _wanted(request: HttpRequest) -> str:
    """Return `next` if it is a path on this host, else nothing."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    own = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if own else ""


def _page(
    request: HttpRequest, form: SignInForm, *, status: int, headers: dict[str, str] | None = None
) -> HttpResponse:
    demo = settings.MODE == "demo" and request.tenant.slug in settings.DEMO_TENANTS
    page = {
        "tenant_name": request.tenant.name,
        "form": form,
        "next_url": _wanted(request),
        "demo_hint": _("This is the demo: the password of every account is demo-demo-demo.") if demo else "",
    }
    return render_with(request, "accounts/login.html", page, status=status, headers=headers)
