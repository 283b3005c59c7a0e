"""What the audit log says is told once to each who may know it, and to nobody else."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from accounts.models import Membership, Role, User
from accounts.permissions import replace_grants
from matching.services import teamwork
from payymo.audit.services import recording as audit
from payymo.notices.kinds import AUDIENCES, LISTED, Kind, Way, usual_way
from payymo.notices.models import Event, Notice, Position
from payymo.notices.services import collecting, reading
from payymo.notices.services.telling import Happening, tell
from tenants import context
from tests.factories import rows

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def stopped(chained, to="FAILED", posting=None):
    """Let the log say that a posting moved."""
    details = {"from": "SENDING", "to": to, "amount": "49.00", "currency": "EUR"}
    audit.record(action="posting.moved", about=posting or rows.client(), details=details)
    chained()


def told(user):
    return sorted(Notice.objects.filter(user_id=user.pk).values_list("event__kind", "way"))


def test_every_kind_says_who_may_know_it():
    assert set(AUDIENCES) == set(Kind)
    assert [kind for kind in Kind if kind not in LISTED] == [Kind.POSTING_POSTED]


def test_who_can_act_hears_at_once_who_can_only_see_hears_in_the_app_and_others_not():
    kind = Kind.FEED_STOPPED

    assert usual_way(kind, frozenset({"connections.view", "connections.change"})) == Way.AT_ONCE
    assert usual_way(kind, frozenset({"connections.view"})) == Way.APP
    assert usual_way(kind, frozenset({"connections.change"})) is None


def test_a_stopped_posting_is_told_once_however_often_the_log_is_read(reading_begins, chained, reviewer, viewer):
    stopped(chained)

    assert [collecting.collect(now=NOW) > 0 for _ in range(2)] == [True, False]
    assert told(reviewer) == [("posting.stopped", "at_once")]
    assert told(viewer) == [("posting.stopped", "app")]


def test_a_position_that_was_set_back_tells_nothing_again(reading_begins, chained, reviewer):
    stopped(chained)
    collecting.collect(now=NOW)
    before = Notice.objects.count()

    Position.objects.update(number=0)
    collecting.collect(now=NOW)

    assert Notice.objects.filter(event__kind="posting.stopped").count() == before


def test_what_fails_in_the_middle_is_read_again(reading_begins, chained, monkeypatch):
    stopped(chained)
    at = Position.objects.get().number

    def breaks(*_, **__):
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(Notice.objects, "bulk_create", breaks)
        with pytest.raises(RuntimeError), transaction.atomic():
            collecting.collect(now=NOW)
    assert (Position.objects.get().number, Event.objects.count()) == (at, 0)

    collecting.collect(now=NOW)
    assert Event.objects.count() == 1


@pytest.mark.parametrize(("to", "count"), [("QUEUED", 0), ("UNKNOWN", 0), ("CONFLICT", 1), ("POSTED", 0)])
def test_only_stopped_postings_are_told_to_people(reading_begins, chained, to, count):
    stopped(chained, to)
    collecting.collect(now=NOW)

    assert Event.objects.count() == count


def test_an_assignment_is_told_to_whom_it_names(reading_begins, chained, owner, reviewer):
    receipt = rows.transfer("INV-1", "49.00")
    teamwork.assign_receipt(receipt_id=receipt.public_id, assignee_id=reviewer.pk, assigned_by=owner, now=NOW)
    chained()
    collecting.collect(now=NOW)

    assert told(reviewer) == [("payment.assigned", "at_once")]
    assert told(owner) == []
    event = Event.objects.get()
    assert (event.details, event.account_id) == (
        {"receipt": str(receipt.public_id), "amount": "49.00", "currency": "EUR"}, receipt.account_id,
    )  # fmt: skip


def test_a_mention_is_told_to_whom_it_names_and_not_to_the_author(reading_begins, chained, owner, reviewer):
    receipt = rows.transfer("INV-1", "49.00")
    teamwork.comment_on(
        receipt_id=receipt.public_id, text="@Reviewer and @Owner: is this yours?", author=owner, now=NOW
    )
    chained()
    collecting.collect(now=NOW)

    assert (told(reviewer), told(owner)) == ([("payment.mentioned", "at_once")], [])


def test_what_somebody_chose_holds_and_off_is_not_even_listed(reading_begins, chained, reviewer, viewer):
    reading.choose(user_id=reviewer.pk, ways={"posting.stopped": "daily"})
    reading.choose(user_id=viewer.pk, ways={"posting.stopped": "off"})
    stopped(chained)
    collecting.collect(now=NOW)

    assert (told(reviewer), told(viewer)) == ([("posting.stopped", "daily")], [])


def test_a_choice_gives_nobody_what_their_role_does_not(reading_begins, viewer):
    reading.choose(user_id=viewer.pk, ways={"import.refused": "at_once"})

    tell([Happening(Kind.IMPORT_REFUSED, reading_begins.public_id, "", NOW, {"refused": 2})], now=NOW)

    assert told(viewer) == []


def test_a_limited_member_hears_only_of_their_accounts(reading_begins, reviewer):
    mine, other = rows.account(), rows.account()
    Membership.objects.filter(user=reviewer).update(is_limited=True)
    replace_grants(reviewer, [mine])
    amounts = {"receipt": "", "amount": "1", "currency": "EUR"}

    tell(
        [
            Happening(Kind.PAYMENT_RETURNED, rows.client().public_id, "", NOW, amounts, account=account and account.pk)
            for account in (mine, other, None)
        ],
        now=NOW,
    )

    assert [notice.event.account_id for notice in Notice.objects.filter(user_id=reviewer.pk)] == [mine.pk]


def test_another_company_hears_nothing(reading_begins, chained, stranger, globex):
    stopped(chained)
    collecting.collect(now=NOW)

    assert Notice.objects.filter(user_id=stranger.pk).count() == 0
    with context.inside(globex):
        assert (collecting.collect(now=NOW), Event.objects.count()) == (0, 0)


def test_who_left_hears_nothing(reading_begins, chained, viewer):
    Membership.objects.filter(user=viewer).update(is_active=False)
    stopped(chained)
    collecting.collect(now=NOW)

    assert told(viewer) == []


def test_the_queries_do_not_grow_with_events_and_members(reading_begins, queries_of):
    def some(count):
        made = [
            Happening(Kind.ENGINE_TRAINED, rows.client().public_id, "", NOW, {"version": "v", "taken": True})
            for _ in range(count)
        ]
        return queries_of(lambda: tell(made, now=NOW))

    for number in range(2):
        user = User.objects.create_user(f"more{number}@acme.example", "correct horse battery", name="More")
        role = Role.objects.get(code="viewer", tenant=None)
        Membership.objects.create(user=user, tenant=reading_begins, role=role, is_active=True, is_limited=number > 0)
    some(1)
    assert some(1) == some(20)
