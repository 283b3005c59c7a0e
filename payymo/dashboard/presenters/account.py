"""One's own account, as it is now."""

from datetime import datetime
from typing import Any

import segno
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from accounts.models import Passkey, Session
from accounts.services import passkeys, second_factor, sessions
from payymo.dashboard.formats import moment
from payymo.dashboard.pages.account import AccountPage, AppState, PasskeyLine, SessionLine
from payymo.dashboard.pages.values import Chip
from tenants.middleware import host_of

MOST_SESSIONS = 50


def page(
    request: HttpRequest, *, code_form: Any, password_form: Any, codes: tuple[str, ...], now: datetime
) -> AccountPage:
    """Build the page of the person of this request."""
    alive = sessions.alive_sessions(user=request.user, tenant=request.tenant, now=now).order_by("-last_used_at", "-pk")
    app = _app(request)
    if not app.is_set_up:
        code_form.ask_for_the_app_alone()
    return AccountPage(
        email=request.user.email,
        app=app,
        codes_left=second_factor.codes_left(request.user),
        passkeys=tuple(_passkey(row, now) for row in passkeys.of(request.user, host_of(request))),
        sessions=tuple(_line(row, request.browser_session, now) for row in alive[:MOST_SESSIONS]),
        code_form=code_form,
        password_form=password_form,
        is_needed=request.must_set_up,
        codes=codes,
    )


def issuer(request: HttpRequest) -> str:
    """Return how the authenticator app names this account."""
    return f"Payymo {request.tenant.name}"


def _app(request: HttpRequest) -> AppState:
    if second_factor.has_app(request.user):
        return AppState(is_set_up=True)
    waiting = second_factor.pending(user=request.user, issuer=issuer(request))
    return AppState(secret=waiting.secret, qr=_qr(waiting.uri)) if waiting else AppState()


def _qr(uri: str) -> str:
    """Draw the address of the secret as SVG without inline style, which our content policy would drop."""
    square = segno.make(uri, error="m")
    drawn = square.svg_inline(scale=4, border=2, dark="#000", light="#fff", svgclass=None, lineclass=None)
    return mark_safe(drawn)  # noqa: S308 - segno draws it from squares; no text of ours is in it  # nosec B703


def _passkey(row: Passkey, now: datetime) -> PasskeyLine:
    return PasskeyLine(
        name=row.name,
        added=moment(row.created_at, now),
        used=moment(row.last_used_at, now) if row.last_used_at else None,
        remove_url=reverse("dashboard:passkey_remove", args=[row.public_id]),
        warning=_("Not accepted any more: its counter went back, so it may have been copied.")
        if row.suspected_at
        else "",
    )


def _line(row: Session, current: Session, now: datetime) -> SessionLine:
    is_browser = row.kind == Session.Kind.BROWSER
    return SessionLine(
        id=str(row.public_id),
        name=row.agent or (_("A browser") if is_browser else _("A program")),
        kind=Chip(_("Browser") if is_browser else _("API"), "neutral"),
        address=row.address,
        since=moment(row.created_at, now),
        used=moment(row.last_used_at, now),
        is_current=row.pk == current.pk,
        end_url="" if row.pk == current.pk else reverse("dashboard:session_end", args=[row.public_id]),
    )
