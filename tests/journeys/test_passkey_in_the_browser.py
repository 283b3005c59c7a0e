"""A person adds a passkey and signs in by it, in a real browser whose authenticator answers by the protocol."""

import pytest
from playwright.sync_api import expect

from accounts.models import Passkey, SecurityEvent
from accounts.services import second_factor
from tests.conftest import PASSWORD
from tests.journeys.conftest import new_page

EMAIL = "reviewer@acme.example"


@pytest.fixture
def page(browser, served, reviewer):
    page = new_page(browser)
    page.problems = []
    page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    yield page
    second_factor.reset(user=reviewer)


def authenticator(page, *, verifies=True):
    """Plug in a virtual authenticator and return its id."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": verifies, "automaticPresenceSimulation": True,
    }  # fmt: skip
    return devtools, devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def give_password(page, served):
    page.goto(served.url("/login/"))
    page.fill("input[name=email]", EMAIL)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")


def add_passkey(page, served):
    page.goto(served.url("/account/passkeys/new/"))
    page.fill("input[name=name]", "Laptop")
    page.get_by_role("button", name="Make the passkey").press("Enter")


def test_a_passkey_is_added_and_signs_in_by_keyboard(page, served):
    authenticator(page)
    give_password(page, served)
    page.wait_for_url(served.url("/"))

    add_passkey(page, served)
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert Passkey.objects.get().rp_id == "acme.localhost"
    page.goto(served.url("/account/security/"))
    expect(page.get_by_text("Laptop", exact=True)).to_be_visible()
    page.context.clear_cookies()

    give_password(page, served)
    page.wait_for_url(served.url("/2fa/"))
    page.get_by_role("button", name="Use your passkey").press("Enter")
    page.wait_for_url(served.url("/"))

    assert Passkey.objects.get().last_used_at is not None
    assert page.problems == []


def test_a_device_that_does_not_know_its_user_adds_nothing(page, served):
    authenticator(page, verifies=False)
    give_password(page, served)
    page.wait_for_url(served.url("/"))

    add_passkey(page, served)

    expect(page.get_by_role("alert").filter(has_text="was not used")).to_be_visible()
    assert Passkey.objects.count() == 0


def test_a_device_without_this_passkey_signs_nobody_in(page, served):
    devtools, device = authenticator(page)
    give_password(page, served)
    page.wait_for_url(served.url("/"))
    add_passkey(page, served)
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    devtools.send("WebAuthn.clearCredentials", {"authenticatorId": device})
    page.context.clear_cookies()

    give_password(page, served)
    page.wait_for_url(served.url("/2fa/"))
    page.get_by_role("button", name="Use your passkey").click()

    expect(page.get_by_role("alert").filter(has_text="was not used")).to_be_visible()
    assert page.url == served.url("/2fa/")


def test_a_copied_passkey_is_found_out(page, served):
    authenticator(page)
    give_password(page, served)
    page.wait_for_url(served.url("/"))
    add_passkey(page, served)
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    Passkey.objects.update(sign_count=1000)
    page.context.clear_cookies()

    give_password(page, served)
    page.wait_for_url(served.url("/2fa/"))
    page.get_by_role("button", name="Use your passkey").click()

    expect(page.get_by_role("alert").filter(has_text="not accepted")).to_be_visible()
    assert Passkey.objects.get().suspected_at is not None
    assert SecurityEvent.objects.filter(kind="passkey_copied").count() == 1
