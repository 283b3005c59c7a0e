"""Giving payments to colleagues, comments that name them, and views of the queue."""

import pytest

from accounts.models import Membership, User
from matching import locks
from matching.models import Assignment, Comment, SavedView
from matching.services import teamwork
from matching.services.teamwork import Colleague
from payymo.audit.models import AuditEntry
from tests.factories import rows
from tests.factories.rows import NOW

ANA, ANNA, TOM = (
    Colleague(1, "Ana Petrova", "ana@x.example"),
    Colleague(2, "Anna Roth", "a.roth@x.example"),
    Colleague(3, "Tom Berger", "tom@x.example"),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@Ana Petrova please", [1]),
        ("@ana please", [1]),
        ("(@a.roth?)", [2]),
        ("@Tom and @Anna", [2, 3]),
        ("mail tom@x.example", []),
        ("@Tomas", []),
        ("nobody", []),
    ],
)
def test_a_name_after_an_at_sign_mentions_that_colleague(text, found):
    assert teamwork.mentioned(text, [ANA, ANNA, TOM]) == found


def test_a_first_name_of_two_colleagues_mentions_nobody_and_the_whole_name_one():
    other = Colleague(4, "Tom Weiss", "weiss@x.example")

    assert teamwork.mentioned("@Tom", [Colleague(3, "Tom Berger", "berger@x.example"), other]) == []
    assert teamwork.mentioned("@Tom Weiss", [TOM, other]) == [4]


def test_a_payment_is_given_away_taken_over_and_given_back(in_acme, owner, reviewer):
    payment = rows.transfer("x", "10.00")

    given = teamwork.assign_receipt(receipt_id=payment.public_id, assignee_id=reviewer.pk, assigned_by=owner, now=NOW)
    teamwork.assign_receipt(receipt_id=payment.public_id, assignee_id=owner.pk, assigned_by=reviewer, now=NOW)

    assert given.assignee_name == "Reviewer"
    assert list(Assignment.objects.values_list("assignee_id", "assigned_by_id")) == [(owner.pk, reviewer.pk)]
    teamwork.assign_receipt(receipt_id=payment.public_id, assignee_id=None, assigned_by=owner, now=NOW)
    assert not Assignment.objects.exists()
    assert AuditEntry.objects.filter(action="payment.assigned").count() == 3


def test_nobody_who_cannot_decide_gets_a_payment(in_acme, owner, viewer, stranger):
    payment = rows.transfer("x", "10.00")

    for person in (viewer, stranger):
        with pytest.raises(teamwork.UnusableAssignee):
            teamwork.assign_receipt(receipt_id=payment.public_id, assignee_id=person.pk, assigned_by=owner, now=NOW)

    assert not Assignment.objects.exists()


def test_a_colleague_limited_to_other_accounts_does_not_get_it(in_acme, owner, reviewer):
    payment = rows.transfer("x", "10.00")
    Membership.objects.filter(user=reviewer).update(is_limited=True)

    with pytest.raises(teamwork.UnusableAssignee):
        teamwork.assign_receipt(receipt_id=payment.public_id, assignee_id=reviewer.pk, assigned_by=owner, now=NOW)


def test_a_payment_of_another_tenant_is_unknown(in_acme, owner):
    with pytest.raises(locks.UnknownReceipt):
        teamwork.comment_on(receipt_id="00000000-0000-4000-8000-000000000001", text="hello", author=owner, now=NOW)


def test_a_comment_keeps_its_author_and_whom_it_names(in_acme, owner, reviewer):
    payment = rows.transfer("x", "10.00")

    comment = teamwork.comment_on(
        receipt_id=payment.public_id, text="  @Reviewer\n ask   the client ", author=owner, now=NOW
    )

    assert (comment.text, comment.mentions, comment.author_id) == ("@Reviewer ask the client", [reviewer.pk], owner.pk)


@pytest.mark.parametrize("text", ["", "  \n", "x" * 1001])
def test_an_empty_or_endless_comment_is_refused(in_acme, owner, text):
    payment = rows.transfer("x", "10.00")

    with pytest.raises(teamwork.UnusableComment):
        teamwork.comment_on(receipt_id=payment.public_id, text=text, author=owner, now=NOW)

    assert not Comment.objects.exists()


def test_a_payment_holds_a_bounded_number_of_comments(in_acme, owner, monkeypatch):
    payment = rows.transfer("x", "10.00")
    monkeypatch.setattr(teamwork, "MOST_COMMENTS", 1)
    teamwork.comment_on(receipt_id=payment.public_id, text="one", author=owner, now=NOW)

    with pytest.raises(teamwork.TooManyComments):
        teamwork.comment_on(receipt_id=payment.public_id, text="two", author=owner, now=NOW)


def test_the_same_name_replaces_a_view_and_each_person_has_their_own(in_acme, owner, reviewer):
    teamwork.save_view(name="Big ones", query="over=500", is_shared=False, owner=owner)
    teamwork.save_view(name=" Big  ones", query="over=900", is_shared=True, owner=owner)
    teamwork.save_view(name="Big ones", query="over=1", is_shared=False, owner=reviewer)

    assert list(SavedView.objects.filter(owner_id=owner.pk).values_list("query", "is_shared")) == [("over=900", True)]
    assert SavedView.objects.count() == 2


def test_a_view_needs_a_name_and_their_number_is_bounded(in_acme, owner, monkeypatch):
    monkeypatch.setattr(teamwork, "MOST_VIEWS", 1)
    teamwork.save_view(name="One", query="", is_shared=False, owner=owner)

    for name in ("", "Two"):
        with pytest.raises(teamwork.UnusableView):
            teamwork.save_view(name=name, query="", is_shared=False, owner=owner)


def test_only_the_owner_removes_a_view(in_acme, owner, reviewer):
    view = teamwork.save_view(name="One", query="", is_shared=True, owner=owner)

    assert teamwork.forget_view(view_id=view.public_id, owner=reviewer) is False
    assert teamwork.forget_view(view_id=view.public_id, owner=owner) is True


def test_colleagues_are_who_may_decide(in_acme):
    assert [each.name for each in teamwork.colleagues()] == sorted(
        each.display_name for each in User.objects.filter(email__in=[
            "owner@acme.example", "admin@acme.example", "reviewer@acme.example"
        ])
    )  # fmt: skip
