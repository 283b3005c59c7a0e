"""The page of one's own account where the second factor and the API sessions are looked after."""

import segno
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import CodeForm
from accounts.services import second_factor, sessions
from payymo.shared.errors import DomainError


@sensitive_post_parameters("code")
@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def security(request: HttpRequest) -> HttpResponse:
    """Show the second factor and the sessions of the person signed in; each button is one act."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(f"{reverse('accounts:login')}?next={request.path}")
    if request.membership is None:
        raise Http404
    form = CodeForm(request.POST if request.POST.get("code") is not None else None)
    codes: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            codes = _act(request, form)
        except DomainError as error:
            form.add_error("code", str(error)) if form.is_bound else None
        else:
            if not codes:
                return HttpResponseRedirect(request.path, status=303)
    return _page(request, form, codes)


def _act(request: HttpRequest, form: CodeForm) -> tuple[str, ...]:
    """Do what the pressed button says; return recovery codes where some were made."""
    user, now, act = request.user, timezone.now(), request.POST.get("act", "")
    code = form.cleaned_data["code"] if form.is_bound and form.is_valid() else ""
    if act == "begin":
        second_factor.begin(user=user, issuer=f"Payymo {request.tenant.name}")
    elif act == "confirm":
        return second_factor.confirm(user=user, code=code, now=now)
    elif act == "renew":
        return second_factor.renew_recovery_codes(user=user, code=code, now=now)
    elif act == "remove":
        second_factor.remove(user=user, code=code, now=now)
    elif act == "end_sessions":
        sessions.revoke_sessions_of(user=user, tenant=request.tenant, reason="ended_by_user", now=now)
    return ()


def _page(request: HttpRequest, form: CodeForm, codes: tuple[str, ...]) -> HttpResponse:
    user, is_set_up = request.user, second_factor.is_set_up(request.user)
    waiting = None if is_set_up else second_factor.pending(user=user, issuer=f"Payymo {request.tenant.name}")
    page = {
        "tenant_name": request.tenant.name,
        "email": user.email,
        "is_set_up": is_set_up,
        "is_needed": request.must_set_up,
        "secret": waiting.secret if waiting else "",
        "qr": _qr(waiting.uri) if waiting else "",
        "codes": codes,
        "codes_left": second_factor.codes_left(user),
        "sessions": sessions.alive_sessions(user=user, tenant=request.tenant, now=timezone.now()),
        "form": form,
    }
    return render(request, "accounts/security.html", {"page": page}, status=422 if form.errors else 200)


def _qr(uri: str) -> str:
    """Draw the address of the secret as SVG without inline style, which our content policy would drop."""
    square = segno.make(uri, error="m")
    drawn = square.svg_inline(scale=4, border=2, dark="#000", light="#fff", svgclass=None, lineclass=None)
    return mark_safe(drawn)  # noqa: S308 - segno draws it from squares; no text of ours is in it
