"""The session ended: signing in again, by passkey too, does what was asked for once, or not at all."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import expect

from accounts.models import Passkey, Session
from accounts.services import second_factor
from matching.models import Decision
from matching.services import proposing
from tests.conftest import PASSWORD
from tests.factories import rows
from tests.journeys.test_passkey_in_the_browser import add_passkey, authenticator
from tests.journeys.test_review_in_the_browser import _rows, _signed_in

REVIEWER, OWNER = "reviewer@acme.example", "owner@acme.example"


@pytest.fixture
def waiting(served, committed_acme, reviewer, owner):
    """Three payments, each naming its invoice; the second factors go with the test."""
    now = datetime.now(UTC)
    payer, account = rows.client(), rows.account()
    found = []
    for number in (71, 72, 73):
        rows.invoice(f"INV-{number}", f"{number}.00", of=payer)
        found.append(rows.transfer(f"INV-{number}", f"{number}.00", into=account, booking_date=now.date()))
    proposing.propose(receipts=found, now=now)
    yield found
    for user in (reviewer, owner):
        second_factor.reset(user=user)


@pytest.fixture
def page(browser, served, waiting):
    """The review screen of somebody with a passkey whose session has ended."""
    page = _signed_in(browser, served)
    page.devtools, page.device = authenticator(page)
    _open_review(page, served)
    return page


def _open_review(page, served):
    add_passkey(page, served)
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.goto(served.url("/review/"))
    page.receipt = page.locator("#pm-panel").get_attribute("data-receipt")
    _end_sessions()


def _end_sessions():
    Session.objects.update(revoked_at=datetime.now(UTC))


def _dialog(page):
    return page.get_by_role("dialog", name="You were signed out")


def _button(page):
    return _dialog(page).get_by_role("button", name="Use your passkey")


def _approve(page, email=REVIEWER):
    """Press the key, and give the password in the dialog that comes."""
    page.keyboard.press("a")
    _dialog(page).locator("[name=email]").fill(email)
    _dialog(page).locator("[name=password]").fill(PASSWORD)
    _dialog(page).locator("[name=password]").press("Enter")
    expect(_button(page)).to_be_focused()


def _decided(page):
    """Return the payments that were decided, once the screen says so."""
    expect(page.locator(".pm-undo")).to_contain_text("Posts in")
    expect(_dialog(page)).to_be_hidden()
    return [str(each.bank_transaction.public_id) for each in Decision.objects.order_by("pk")]


def test_a_passkey_in_the_dialog_does_the_same_act_once_more(page):
    _approve(page)
    page.keyboard.press("Enter")

    assert _decided(page) == [page.receipt]
    assert Passkey.objects.get().last_used_at is not None
    # What comes after it is saved, too, although the page was made for the session before.
    page.keyboard.press("a")
    expect(_rows(page)).to_have_count(1)
    assert Decision.objects.count() == 2


def test_a_device_that_does_not_know_its_user_saves_nothing_until_it_does(page):
    page.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": page.device, "isUserVerified": False})
    _approve(page)
    page.keyboard.press("Enter")
    expect(_dialog(page).get_by_role("alert").filter(has_text="was not used")).to_be_visible()
    expect(_button(page)).to_be_focused()
    assert Decision.objects.count() == 0

    page.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": page.device, "isUserVerified": True})
    page.keyboard.press("Enter")

    assert _decided(page) == [page.receipt]


def test_a_passkey_of_somebody_else_is_refused_in_the_dialog(page):
    at_device = {"authenticatorId": page.device}
    [own] = page.devtools.send("WebAuthn.getCredentials", at_device)["credentials"]
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    page.devtools.send("WebAuthn.clearCredentials", at_device)
    forged = {**own, "privateKey": base64.b64encode(other).decode()}
    page.devtools.send("WebAuthn.addCredential", {**at_device, "credential": forged})

    _approve(page)
    page.keyboard.press("Enter")
    expect(_dialog(page).get_by_role("alert").filter(has_text="was not accepted")).to_be_visible()
    expect(_button(page)).to_be_focused()
    assert Decision.objects.count() == 0

    page.devtools.send("WebAuthn.clearCredentials", at_device)
    page.devtools.send("WebAuthn.addCredential", {**at_device, "credential": own})
    page.keyboard.press("Enter")
    assert _decided(page) == [page.receipt]


def test_who_signs_in_by_their_own_passkey_decides_nothing_for_a_colleague(browser, served, waiting):
    page = _signed_in(browser, served, OWNER)
    authenticator(page)
    add_passkey(page, served)
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.context.clear_cookies()
    page.goto(served.url("/login/"))
    page.fill("input[name=email]", REVIEWER)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(served.url("/"))
    _open_review(page, served)

    _approve(page, OWNER)
    page.keyboard.press("Enter")

    expect(page.locator("#pm-user")).to_contain_text(OWNER)
    expect(page.locator("#pm-panel")).to_have_attribute("data-receipt", page.receipt)
    assert Decision.objects.count() == 0


def test_escape_while_the_authenticator_is_asked_leaves_all_unsaved(page):
    def touch(*, by_itself):
        sent = {"authenticatorId": page.device, "enabled": by_itself}
        page.devtools.send("WebAuthn.setAutomaticPresenceSimulation", sent)

    touch(by_itself=False)
    _approve(page)
    page.keyboard.press("Enter")
    expect(_button(page)).to_be_disabled()
    page.keyboard.press("Escape")
    expect(_dialog(page)).to_be_hidden()
    touch(by_itself=True)
    expect(_rows(page)).to_have_count(3)

    # The device is free again, and nothing was done or signed in meanwhile: the dialog begins anew.
    _approve(page)
    assert Decision.objects.count() == 0
    page.keyboard.press("Enter")
    assert _decided(page) == [page.receipt]


def test_a_code_goes_as_well_and_a_wrong_one_keeps_the_focus(page, reviewer):
    codes = second_factor._new_recovery_codes(reviewer)
    _approve(page)
    code = _dialog(page).locator("[name=code]")
    code.fill("123456")
    code.press("Enter")
    expect(_dialog(page).get_by_role("alert").filter(has_text="This code is not right")).to_be_visible()
    expect(code).to_be_focused()
    assert Decision.objects.count() == 0

    code.fill(codes[0])
    code.press("Enter")

    assert _decided(page) == [page.receipt]


def test_who_signed_in_again_in_another_tab_is_not_asked_once_more(browser, served, waiting):
    page = _signed_in(browser, served)
    page.goto(served.url("/review/"))
    expect(_rows(page)).to_have_count(3)
    receipt = page.locator("#pm-panel").get_attribute("data-receipt")
    _end_sessions()
    _sign_in_besides(page, served, REVIEWER)

    page.keyboard.press("a")

    assert _decided(page) == [receipt]


def test_a_colleague_who_signed_in_in_another_tab_decides_nothing_here(browser, served, waiting):
    page = _signed_in(browser, served)
    page.goto(served.url("/review/"))
    expect(_rows(page)).to_have_count(3)
    _end_sessions()
    _sign_in_besides(page, served, OWNER)

    page.keyboard.press("a")

    expect(page.locator("#pm-user")).to_contain_text(OWNER)
    expect(_rows(page)).to_have_count(3)
    assert Decision.objects.count() == 0


def _sign_in_besides(page, served, email):
    tab = page.context.new_page()
    tab.goto(served.url("/login/"))
    tab.fill("input[name=email]", email)
    tab.fill("input[name=password]", PASSWORD)
    tab.press("input[name=password]", "Enter")
    tab.wait_for_url(served.url("/"))
    tab.close()
