"""Everybody reads their own language, on pages and in mails, and no request or job speaks on in another's."""

import pytest
from celery import shared_task
from django.conf import settings
from django.core import mail
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation

from accounts.models import OutgoingMail, User
from accounts.services import invitations, mailing, outbox, own_language, resetting
from payymo.shared import languages
from payymo.shared.middleware import LanguageMiddleware
from tenants.models import Tenant
from tenants.tasks import TenantTask
from tests.accounts import letters
from tests.accounts.browsing import browser, signed_in
from tests.accounts.test_administration import Caller
from tests.accounts.test_mailing import NOW
from tests.conftest import PASSWORD

Kind = OutgoingMail.Kind


def reads(user, language):
    own_language.choose(user=user, language=language)
    return user


def mails(tenant):
    mail.outbox.clear()
    mailing.send_due(tenant=tenant, now=NOW)
    return {message.to[0]: message for message in mail.outbox}


@pytest.mark.parametrize(
    ("kind", "german", "english"),
    [
        (Kind.PASSWORD_CHANGED, "Ihr Payymo-Passwort wurde geändert", "Your Payymo password was changed"),
        (
            Kind.SECOND_FACTOR_CHANGED,
            "Ihr zweiter Faktor bei Payymo wurde geändert",
            "Your Payymo second factor was changed",
        ),
        (Kind.REPORT_READY, "Ihr Monatsbericht ist fertig", "Your monthly report is ready"),
    ],
)
def test_in_one_company_each_gets_the_mail_in_their_language(in_acme, reviewer, viewer, owner, kind, german, english):
    Tenant.objects.filter(pk=in_acme.pk).update(language="de")
    in_acme.refresh_from_db()
    reads(reviewer, "de")
    reads(viewer, "en")
    for user in (reviewer, viewer, owner):
        outbox.post(kind=kind, about=user.public_id, tenant=in_acme, now=NOW)

    with translation.override("en"):
        found = mails(in_acme)

        assert translation.get_language() == "en"
    # The owner chose none: theirs is the company's.
    subjects = {to: message.subject for to, message in found.items()}
    assert subjects == {reviewer.email: german, viewer.email: english, owner.email: german}
    for user, language in ((reviewer, "de"), (viewer, "en")):
        html, _ = found[user.email].alternatives[0]
        assert f'<html lang="{language}">' in html


def test_who_forgot_their_password_and_who_is_invited_read_their_own_language(in_acme, reviewer, owner, stranger):
    reads(reviewer, "de")
    reads(stranger, "de")
    resetting.request_reset(email=reviewer.email, tenant=in_acme, address="192.0.2.1", now=NOW)
    role = reviewer.memberships.get().role
    for email in (stranger.email, "new@mail.example"):
        granted = frozenset(role.permissions)
        invitations.invite(tenant=in_acme, email=email, role=role, invited_by=owner, granted=granted, now=NOW)

    found = mails(in_acme)

    assert {to: message.subject for to, message in found.items()} == {
        reviewer.email: "Neues Payymo-Passwort wählen",
        stranger.email: "Acme bei Payymo beitreten",
        "new@mail.example": "Join Acme on Payymo",
    }
    assert ["Prüfer" in found[stranger.email].body, "Reviewer" in found["new@mail.example"].body] == [True, True]


def test_a_new_person_reads_what_their_browser_spoke_when_they_accepted(in_acme):
    Caller("owner").call("post", "invitations/", {"email": "new@mail.example", "role": "viewer"})
    client = browser("acme.localhost")
    client.get(letters.link_of())

    client.post(
        "/invite/", {"name": "N", "password": "lanterns under quiet rain"}, headers={"accept-language": "de-AT,de"}
    )

    assert User.objects.get(email="new@mail.example").language == "de"


def test_pages_speak_what_the_person_chose_whatever_the_browser_says(in_acme, reviewer):
    client = signed_in(reviewer.email, PASSWORD)
    reads(reviewer, "de")
    german = client.get("/account/security/", headers={"accept-language": "en"})
    reads(reviewer, "")
    english = client.get("/account/security/", headers={"accept-language": "en"})

    assert '<html lang="de"' in german.content.decode()
    assert german["Content-Language"] == "de"
    assert '<html lang="en"' in english.content.decode()


def test_it_is_chosen_over_the_api_by_a_person_and_no_program(in_acme, reviewer):
    caller = Caller("reviewer")

    assert caller.call("put", "auth/language/", {"language": "de"}).status_code == 204
    assert caller.call("get", "auth/me/").json()["language"] == "de"
    refused = caller.call("put", "auth/language/", {"language": "tlh"})
    assert (refused.status_code, refused.json()["code"]) == (400, "unusable_language")
    assert "en, de" in refused.json()["detail"]
    assert caller.call("put", "auth/language/", {}).status_code == 400
    reviewer.refresh_from_db()
    assert reviewer.language == "de"
    assert caller.call("put", "auth/language/", {"language": ""}).status_code == 204


def test_the_api_speaks_a_members_language_to_their_page_and_the_asked_one_to_a_program(in_acme, reviewer):
    reads(reviewer, "de")
    page, program = signed_in(reviewer.email, PASSWORD), Caller("reviewer")
    asked = {"accept-language": "en"}

    to_page = page.get("/api/v1/auth/me/", headers=asked)
    program.headers |= asked
    to_program = program.call("put", "auth/language/", {"language": "tlh"})

    assert (to_page.status_code, to_page.json()["detail"]) == (401, "Anmeldedaten fehlen.")
    assert to_program.json()["detail"].startswith("Choose one of")


@pytest.mark.parametrize("language", ["", "xx", "DE", "de-AT", "en\n"])
def test_a_language_that_payymo_has_not_is_refused(language):
    with pytest.raises(languages.UnusableLanguage):
        languages.check(language)


def test_what_a_request_spoke_the_next_of_its_thread_does_not(in_acme, reviewer):
    reads(reviewer, "de")
    client = signed_in(reviewer.email, PASSWORD)

    assert '<html lang="de"' in client.get("/account/security/").content.decode()
    assert translation.get_language() == "en"
    assert '<html lang="en"' in browser("acme.localhost").get("/login/").content.decode()


def test_what_speaks_inside_ends_with_the_request_also_when_it_fails():
    def speaks_and_fails(request):
        translation.activate("de")
        raise RuntimeError

    translation.activate("de")
    try:
        seen = []
        inner = lambda request: seen.append(translation.get_language()) or HttpResponse()  # noqa: E731
        LanguageMiddleware(inner)(RequestFactory().get("/"))
        translation.deactivate()
        with pytest.raises(RuntimeError):
            LanguageMiddleware(speaks_and_fails)(RequestFactory().get("/"))
        seen.append(translation.get_language())
    finally:
        translation.deactivate()

    assert seen == [settings.LANGUAGE_CODE] * 2


@shared_task(base=TenantTask)
def speak(*, fails=False):
    spoken = translation.get_language()
    translation.activate("de")
    if fails:
        raise RuntimeError
    return spoken


def test_a_job_speaks_its_tenants_language_and_leaves_none_behind(in_acme, globex):
    Tenant.objects.filter(pk=globex.pk).update(language="de")

    spoken = [speak(tenant_id=str(tenant.public_id)) for tenant in (globex, in_acme)]
    with pytest.raises(RuntimeError):
        speak(tenant_id=str(globex.public_id), fails=True)

    assert spoken == ["de", "en"]
    assert translation.get_language() == "en"
