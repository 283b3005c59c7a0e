"""One's own account and the pages around signing in, with invented data."""

from __future__ import annotations

from dataclasses import replace

from accounts.forms import CodeForm, ConfirmForm, PasswordForm
from payymo.dashboard.pages.account import AccountPage, AppState, SessionLine
from payymo.dashboard.pages.values import Chip
from tests.dashboard.gallery.common import ago, uuid_of

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SESSIONS = (
    SessionLine(uuid_of(1), "Firefox on Linux", Chip("Browser"), "203.0.113.7", ago(hours=3), ago(seconds=2), True),
    SessionLine(
        uuid_of(2), "Safari on iOS", Chip("Browser"), "2001:db8:4:7::/64", ago(days=4), ago(hours=7),
        end_url="/account/sessions/2/end/",
    ),
    SessionLine(
        uuid_of(3), "Python on Linux", Chip("API"), "198.51.100.20", ago(days=1), ago(minutes=4),
        end_url="/account/sessions/3/end/",
    ),
)  # fmt: skip


def account(**changes: object) -> AccountPage:
    whole = AccountPage(
        email="ana@northhost.example",
        app=AppState(is_set_up=True),
        codes_left=9,
        sessions=SESSIONS,
        code_form=CodeForm(),
        password_form=PasswordForm(),
    )
    return replace(whole, **changes)


def nothing_set_up() -> AccountPage:
    return account(app=AppState(), codes_left=0, is_needed=True, sessions=SESSIONS[:1])


def app_waits() -> AccountPage:
    wrong = CodeForm({"code": "12345"})
    wrong.is_valid()
    wrong.add_error("code", "This code is not right. Codes change every 30 seconds, and each can be used once.")
    return account(app=AppState(secret=SECRET, qr="QR"), codes_left=0, code_form=wrong)


def codes_made() -> AccountPage:
    return account(codes=tuple(f"ABCD-EFGH-JKLM-NP{number:02}" for number in range(23, 33)))


def second_factor() -> dict[str, object]:
    return {"tenant_name": "Northhost GmbH", "form": CodeForm()}


def confirm() -> dict[str, object]:
    form = ConfirmForm({"confirm-password": "", "confirm-code": ""})
    form.is_valid()
    return {
        "tenant_name": "Northhost GmbH",
        "form": form,
        "carried": [("name", "Billing"), ("secret", "s3cret")],
        "mark": form.MARK,
        "has_code": True,
        "action": "/connections/whmcs/new/",
        "back": "/connections/",
    }
