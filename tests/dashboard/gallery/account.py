"""One's own account and the pages around signing in, with invented data."""

from __future__ import annotations

from dataclasses import replace

from accounts.forms import (
    AcceptForm,
    CodeForm,
    ConfirmForm,
    ForgottenForm,
    NewPasskeyForm,
    NewPasswordForm,
    PasswordForm,
)
from accounts.models import Passkey, Role
from payymo.dashboard.forms_members import InviteForm
from payymo.dashboard.pages.account import AccountPage, AppState, NewPasskeyPage, PasskeyLine, SessionLine
from payymo.dashboard.pages.members import InvitationRow, MemberRow, MembersPage
from payymo.dashboard.pages.values import Chip, Choice
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
        passkeys=(
            PasskeyLine("Phone", ago(days=40), ago(hours=6), "/account/passkeys/1/remove/"),
            PasskeyLine("Key on the desk", ago(days=2), None, "/account/passkeys/2/remove/", "Not accepted any more."),
        ),
        sessions=SESSIONS,
        code_form=CodeForm(),
        password_form=PasswordForm(),
    )
    return replace(whole, **changes)


def nothing_set_up() -> AccountPage:
    return account(app=AppState(), codes_left=0, is_needed=True, passkeys=(), sessions=SESSIONS[:1])


def app_waits() -> AccountPage:
    wrong = CodeForm({"code": "12345"})
    wrong.is_valid()
    wrong.add_error("code", "This code is not right. Codes change every 30 seconds, and each can be used once.")
    return account(app=AppState(secret=SECRET, qr="QR"), codes_left=0, code_form=wrong)


def new_passkey() -> NewPasskeyPage:
    form = NewPasskeyForm({"name": "Phone"})
    form.is_valid()
    form.add_error("name", "This passkey was not accepted. Try again, or use a code.")
    return NewPasskeyPage(form, '{"challenge": "AA"}', "northhost.example")


def codes_made() -> AccountPage:
    return account(codes=tuple(f"ABCD-EFGH-JKLM-NP{number:02}" for number in range(23, 33)))


def members() -> MembersPage:
    roles = tuple(Choice(code, code.title(), code == "reviewer") for code in ("viewer", "reviewer", "admin", "owner"))
    active, ended = Chip("Active", "ok"), Chip("Ended")
    people = (
        MemberRow("Ana Petrova", "ana@northhost.example", "Owner", roles, active, ago(days=90), is_you=True),
        MemberRow("Tom Weber", "tom@northhost.example", "Reviewer", roles, active, ago(days=3), change_url="/m/2/"),
        MemberRow(
            "Ben Vermeulen-Vandenberghe", "ben.vermeulen-vandenberghe@accounting.northhost.example", "Viewer", roles,
            Chip("Some accounts", "info"), ago(hours=5), change_url="/members/3/",
        ),
        MemberRow("Kim Old", "kim@northhost.example", "Admin", roles, ended, ago(days=400), False, False, "/m/4/"),
    )  # fmt: skip
    waiting = (
        InvitationRow("new@northhost.example", "Reviewer", Chip("Invited", "info"), ago(hours=-70), "/r/1/", "/w/1/"),
        InvitationRow(
            "late@northhost.example", "Viewer", Chip("Has run out", "warn"), ago(days=2), "/r/2/", "/w/2/", True
        ),
    )
    form = InviteForm({"email": "x"}, roles=[Role(code="reviewer", name="Reviewer")])
    form.is_valid()
    return MembersPage(people, waiting, form)


def forgotten() -> dict[str, object]:
    return {"tenant_name": "Northhost GmbH", "form": ForgottenForm(), "is_sent": False}


def link_sent() -> dict[str, object]:
    return {**forgotten(), "is_sent": True}


def reset() -> dict[str, object]:
    form = NewPasswordForm({"new": "x"})
    form.is_valid()
    form.add_error("new", "Leave out northhost: names of companies and people are tried first.")
    return {"tenant_name": "Northhost GmbH", "email": "ana@northhost.example", "form": form, "asks_code": True}


def invited(known: bool = False) -> dict[str, object]:
    return {
        "tenant_name": "Northhost GmbH",
        "email": "new@northhost.example",
        "role": "Reviewer",
        "is_known": known,
        "form": AcceptForm(is_known=known),
    }


def invited_and_known() -> dict[str, object]:
    return invited(known=True)


def over() -> dict[str, object]:
    return {"tenant_name": "Northhost GmbH", "text": "This link was used or has run out. Ask for a new one."}


def second_factor() -> dict[str, object]:
    return {
        "tenant_name": "Northhost GmbH",
        "form": CodeForm(),
        "start_url": "/login/",
        "takes_code": True,
        "passkey_options": '{"challenge": "AA"}',
    }


def staff_passkeys() -> dict[str, object]:
    rows = [Passkey(name="Key on the desk"), Passkey(name="Old phone", suspected_at="2026-11-14")]
    form = NewPasskeyForm({"name": "x"})
    form.is_valid()
    form.add_error("name", "This passkey was not accepted. Try again, or use a code.")
    return {
        "host": "staff.payymo.example", "rows": rows, "form": form, "options": '{"challenge": "AA"}',
        "codes": ("ABCD-EFGH-JKLM-NPQR",), "console_url": "/admin/",
    }  # fmt: skip


def confirm() -> dict[str, object]:
    form = ConfirmForm({"confirm-password": "", "confirm-code": ""})
    form.is_valid()
    return {
        "tenant_name": "Northhost GmbH",
        "form": form,
        "carried": [("name", "Billing"), ("secret", "s3cret")],
        "mark": form.MARK,
        "has_code": True,
        "passkey_options": '{"challenge": "AA"}',
        "action": "/connections/whmcs/new/",
        "back": "/connections/",
    }
