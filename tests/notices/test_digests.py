"""Mails of notices: what is to be heard at once in one mail, the rest once a day at eight, and nothing twice."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import connection

from accounts.models import Membership, OutgoingMail
from accounts.services import mailing, own_language
from matching.models import Proposal
from matching.services import proposing
from payymo.notices.kinds import Kind
from payymo.notices.models import Bundle, Delivery, Endpoint, Event, Notice
from payymo.notices.services import digests, letters, reading, waiting, watching
from payymo.operations.services import retention
from tenants import context
from tenants.models import Tenant
from tests.factories import rows

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def notice(user, way="at_once", kind=Kind.POSTING_STOPPED, number=0, **details):
    event = Event.objects.create(
        kind=kind, about="5b6a2f3e-0000-4000-8000-000000000001", occasion=str(Event.objects.count() + number),
        happened_at=NOW, details={"amount": "49.00", "currency": "EUR", "receipt": "", **details},
    )  # fmt: skip
    return Notice.objects.create(event=event, user_id=user.pk, way=way)


def sent(tenant, now=NOW):
    mail.outbox.clear()
    mailing.send_due(tenant=tenant, now=now)
    return [(message.to, message.subject, message.body) for message in mail.outbox]


def test_what_happened_is_mailed_at_once_and_once(in_acme, reviewer):
    notice(reviewer)

    assert [digests.mail_at_once(now=NOW), digests.mail_at_once(now=NOW)] == [1, 0]
    [(to, subject, body)] = sent(in_acme)
    assert to == [reviewer.email]
    assert subject == "A payment of 49.00 EUR could not be posted to WHMCS."
    assert "/postings/" in body
    assert body.rstrip().endswith(
        f"{in_acme.name}. This mail was sent by Payymo because of something done there. Nobody reads answers to it."
    )


def test_a_storm_is_one_mail_now_and_one_ten_minutes_later(in_acme, reviewer):
    notice(reviewer)
    digests.mail_at_once(now=NOW)
    for number in range(3):
        notice(reviewer, number=number)

    assert [digests.mail_at_once(now=NOW + minutes * MINUTE) for minutes in (1, 9, 10)] == [0, 0, 1]
    assert [subject for _, subject, _ in sent(in_acme, NOW + 10 * MINUTE)][1] == "3 notices from Payymo"


def test_what_was_read_before_its_mail_is_not_mailed(in_acme, reviewer):
    notice(reviewer)
    reading.mark_read(user_id=reviewer.pk, ids=None, now=NOW)
    assert digests.mail_at_once(now=NOW) == 0

    notice(reviewer, number=1)
    digests.mail_at_once(now=NOW)
    reading.mark_read(user_id=reviewer.pk, ids=None, now=NOW)
    assert sent(in_acme) == []
    assert OutgoingMail.objects.get().dropped_as == "nothing_to_say"


def test_what_somebody_may_not_know_any_more_is_not_mailed(in_acme, reviewer):
    notice(reviewer)
    digests.mail_at_once(now=NOW)
    Membership.objects.filter(user=reviewer).update(is_active=False)

    assert sent(in_acme) == []


@pytest.mark.parametrize(
    ("zone", "utc", "goes"),
    [
        ("Europe/Berlin", "06:59", 0), ("Europe/Berlin", "07:00", 1), ("America/New_York", "12:59", 0),
        ("America/New_York", "13:00", 1), ("Asia/Tokyo", "22:59", 0), ("Asia/Tokyo", "23:00", 1), ("UTC", "08:00", 1),
    ],
)  # fmt: skip
def test_a_digest_goes_at_eight_of_the_tenants_morning(in_acme, reviewer, zone, utc, goes):
    Tenant.objects.filter(pk=in_acme.pk).update(time_zone=zone)
    notice(reviewer, "daily")
    # Tokyo's morning of the 21st is the evening of the 20th in UTC; earlier on the 20th it had its digest.
    Bundle.objects.create(user_id=reviewer.pk, day="2026-11-20" if zone == "Asia/Tokyo" else "2026-11-19", made_at=NOW)

    assert digests.mail_digests(now=datetime.fromisoformat(f"2026-11-20T{utc}+00:00")) == goes


def test_a_digest_goes_once_a_day_and_never_empty(in_acme, reviewer):
    day = timedelta(days=1)
    assert digests.mail_digests(now=NOW) == 0

    notice(reviewer, "daily")
    assert [digests.mail_digests(now=NOW), digests.mail_digests(now=NOW + 60 * MINUTE)] == [1, 0]
    notice(reviewer, "daily", number=1)
    assert [digests.mail_digests(now=NOW + 120 * MINUTE), digests.mail_digests(now=NOW + day)] == [0, 1]
    assert [subject for _, subject, _ in sent(in_acme, NOW + day)] == ["What happened in Payymo"] * 2


def test_a_weekly_digest_goes_on_monday_or_as_soon_after_it_as_it_can(in_acme, reviewer):
    day, friday = timedelta(days=1), NOW
    notice(reviewer, "weekly")
    assert [digests.mail_digests(now=friday + days * day) for days in (0, 1, 2)] == [0, 0, 0]

    notice(reviewer, "daily", number=1)
    notice(reviewer, "weekly", number=2)
    tuesday = friday + 4 * day
    assert [digests.mail_digests(now=tuesday), digests.mail_digests(now=tuesday + day)] == [1, 0]
    assert Bundle.objects.get().notices.count() == 3


@pytest.fixture
def waiting_payments(in_acme):
    """Three payments that wait, one of them partly used, one put off until later."""
    debt = rows.invoice("INV-1042", "30.00")
    exact = rows.transfer("INV-1042", "30.00", booking_date=date(2026, 11, 17))
    partly = rows.transfer("Nobody knows", "1200.00", allocated=Decimal("200.00"), state="PARTLY_ALLOCATED")
    later = rows.transfer("Put off", "70.00", held_until=date(2027, 1, 1))
    proposing.propose(receipts=[exact, partly, later], now=NOW)
    assert debt.pk
    return exact, partly, later


def test_each_morning_a_digest_says_how_much_waits_since_when_and_where(waiting_payments, in_acme, reviewer, viewer):
    watching.watch(now=NOW.replace(hour=6))
    assert Event.objects.count() == 0

    for minutes in (0, 1):
        watching.watch(now=NOW.replace(hour=7) + minutes * MINUTE)
    assert digests.mail_digests(now=NOW) == Notice.objects.exclude(user_id=viewer.pk).count() > 0
    [(_, subject, body)] = [each for each in sent(in_acme) if each[0] == [reviewer.email]]
    assert subject == "2 payments wait for review, the oldest since 17 Nov 2026."
    assert "1,030.00\u00a0EUR" in body
    assert "/review/?order=oldest" in body
    assert "No suggestion: 1" in body
    assert "/review/?band=none" in body
    assert "Since the last" not in body


def test_the_figures_of_a_digest_are_those_of_its_moment(waiting_payments, in_acme, reviewer):
    watching.watch(now=NOW)
    notice(reviewer, "daily")
    digests.mail_digests(now=NOW)
    Proposal.objects.update(status="APPROVED")

    [(_, subject, body)] = [each for each in sent(in_acme) if each[0] == [reviewer.email]]
    assert subject == "What happened in Payymo"
    assert "wait for review" not in body


def test_nothing_that_waits_is_no_morning(in_acme, reviewer):
    assert watching.watch(now=NOW) == 0
    assert waiting.figures(tenant=in_acme, on=NOW.date()) is None


def test_the_figures_take_the_same_queries_for_many_payments(waiting_payments, in_acme, queries_of):
    def asked():
        return queries_of(lambda: waiting.figures(tenant=in_acme, on=NOW.date()))

    few = asked()
    proposing.propose(receipts=[rows.transfer(f"Payment {number}", "5.00") for number in range(9)], now=NOW)
    assert asked() == few


def test_two_workers_at_once_make_one_mail(committed_acme, reviewer):
    notice(reviewer)
    notice(reviewer, "daily", number=1)
    barrier, made = threading.Barrier(2), []

    def work():
        try:
            with context.inside(committed_acme):
                barrier.wait(60)
                made.append((digests.mail_at_once(now=NOW), digests.mail_digests(now=NOW)))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)

    assert [sum(each) for each in zip(*made, strict=True)] == [1, 1]
    assert OutgoingMail.objects.filter(kind="notices").count() == 2
    assert Notice.objects.filter(bundle=None).count() == 0


def test_a_mail_names_nobody_and_says_how_to_stop_it(in_acme, reviewer):
    notice(reviewer)
    digests.mail_at_once(now=NOW)
    letter = letters.letter(Bundle.objects.get().public_id, in_acme, NOW)

    assert "acme.localhost" in letter.headers["List-Unsubscribe"]
    assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = letter.headers["List-Unsubscribe"].split("/stop/")[1].split("/")[0]
    assert letters.reader_of(token, tenant=in_acme) == reviewer
    assert letters.reader_of(token[:-1], tenant=in_acme) is None
    assert letters.reader_of(token, tenant=Tenant.objects.get(slug="globex")) is None


def test_two_readers_of_one_company_each_get_their_language(in_acme, reviewer, owner):
    own_language.choose(user=reviewer, language="de")
    own_language.choose(user=owner, language="en")
    for each in (reviewer, owner):
        notice(each, kind=Kind.CONSENT_ENDS, days=7)
    digests.mail_at_once(now=NOW)

    found = {to[0]: (subject, body) for to, subject, body in sent(in_acme)}

    assert found[owner.email][0] == "A bank consent ends in 7 days. Renew it, or newer payments will be missing."
    assert "Choose what is mailed" in found[owner.email][1]
    assert found[reviewer.email][0].startswith("Eine Bankzustimmung endet in 7 Tagen.")
    assert "Choose what is mailed" not in found[reviewer.email][1]


def test_stopping_the_mails_keeps_the_notices(in_acme, reviewer):
    waiting = notice(reviewer)
    granted = frozenset({"invoices.view", "postings.retry"})

    assert reading.stop_mails(user_id=reviewer.pk, permissions=granted) == 2
    assert digests.mail_at_once(now=NOW) == 0
    assert set(reading.ways_of(user_id=reviewer.pk, permissions=granted).values()) == {"app"}
    assert list(reading.unread(user_id=reviewer.pk, permissions=granted)) == [waiting]


def test_what_was_told_long_ago_goes_with_its_mails_and_calls(in_acme, reviewer):
    old, new = notice(reviewer), notice(reviewer, number=1)
    Event.objects.filter(pk=old.event_id).update(happened_at=NOW - retention.NOTICES_KEPT - timedelta(days=1))
    Bundle.objects.create(user_id=reviewer.pk, made_at=NOW - retention.NOTICES_KEPT - timedelta(days=1))
    called = Endpoint.objects.create(name="Books", host="books.example", address_sealed=b"", kinds=[])
    done, waits = Delivery.State.DELIVERED, Delivery.State.WAITING
    for state in (done, waits):
        Delivery.objects.create(endpoint=called, state=state, due_at=NOW - retention.DELIVERIES_KEPT - MINUTE)

    kept = retention.retain(now=NOW)

    assert (kept.notices, kept.bundles, kept.deliveries) == (1, 1, 1)
    assert (list(Notice.objects.all()), Delivery.objects.get().state) == ([new], waits)
