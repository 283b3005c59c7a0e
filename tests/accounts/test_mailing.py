"""Mails wait as rows: sent once, tried again, given up at last, and never holding a secret."""

import smtplib
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from accounts.models import OutgoingMail
from accounts.services import mailing, outbox
from accounts.tasks import send_mails
from tenants.context import TenantUnavailable
from tenants.models import Tenant

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Refusing(EmailBackend):
    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("gone")


@pytest.fixture
def waiting(in_acme, reviewer):
    outbox.post(kind=OutgoingMail.Kind.PASSWORD_CHANGED, about=reviewer.public_id, tenant=in_acme, now=NOW)
    return in_acme


def test_a_mail_goes_out_once(waiting):
    assert [mailing.send_due(tenant=waiting, now=NOW) for _ in range(2)] == [1, 0]
    assert len(mail.outbox) == 1
    assert mail.outbox[0].extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_mail_that_was_refused_is_tried_again_later_and_given_up_at_last(waiting, settings):
    settings.EMAIL_BACKEND = "tests.accounts.test_mailing.Refusing"
    row, now, waits = OutgoingMail.objects.get(), NOW, []
    while not row.dropped_as:
        assert mailing.send_due(tenant=waiting, now=now) == 0
        row.refresh_from_db()
        waits.append(int((row.due_at - now).total_seconds() // 60))
        now = max(now, row.due_at)

    assert waits[:-1] == [1, 5, 15, 60, 180, 360, 720]
    assert (row.dropped_as, row.sent_at) == ("undeliverable", None)


def test_a_mail_tried_again_goes_out(waiting, settings):
    sound, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.accounts.test_mailing.Refusing"
    mailing.send_due(tenant=waiting, now=NOW)
    settings.EMAIL_BACKEND = sound

    assert mailing.send_due(tenant=waiting, now=NOW) == 0
    assert mailing.send_due(tenant=waiting, now=NOW + timedelta(minutes=1)) == 1


def test_a_mail_about_somebody_who_is_gone_is_dropped(waiting, reviewer):
    type(reviewer).objects.filter(pk=reviewer.pk).update(is_active=False)

    assert mailing.send_due(tenant=waiting, now=NOW) == 0
    assert OutgoingMail.objects.get().dropped_as == "nothing_to_say"


def test_another_companys_mails_are_left_alone(waiting, globex):
    assert mailing.send_due(tenant=globex, now=NOW) == 0
    assert OutgoingMail.objects.get().attempts == 0


def test_of_four_workers_at_once_one_sends(committed_acme, reviewer):
    outbox.post(kind=OutgoingMail.Kind.PASSWORD_CHANGED, about=reviewer.public_id, tenant=committed_acme, now=NOW)
    ready, sent = threading.Barrier(4), []

    def work():
        from tenants import context

        try:
            with context.inside(committed_acme):
                ready.wait(120)
                sent.append(mailing.send_due(tenant=committed_acme, now=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert sorted(sent) == [0, 0, 0, 1]


def test_the_task_refuses_a_suspended_company_and_none(waiting):
    Tenant.objects.filter(pk=waiting.pk).update(state=Tenant.State.SUSPENDED)

    with pytest.raises(TenantUnavailable):
        send_mails(tenant_id=str(waiting.public_id))
    with pytest.raises(TenantUnavailable):
        send_mails()
    assert mail.outbox == []
