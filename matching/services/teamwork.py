"""What colleagues do for each other at a payment: take it over, say something about it, keep a view of the queue."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import Membership, User
from accounts.permissions import members_who_may, reach_of
from banking.models import BankTransaction
from matching import locks
from matching.locks import Receipt
from matching.models import Assignment, Comment, SavedView
from matching.services.decisions import about
from payymo.audit.services import recording as audit
from payymo.shared.errors import BadInput, Conflict
from tenants import context

LONGEST_COMMENT = 1000
MOST_COMMENTS = 200
MOST_VIEWS = 30
_DECIDES = "review.decide"


class UnusableComment(BadInput):
    """There is nothing in it, or too much."""

    code = "unusable_comment"


class UnusableAssignee(BadInput):
    """The person cannot decide this payment."""

    code = "unusable_assignee"


class UnusableView(BadInput):
    """A view needs a name, and a person keeps a bounded number of them."""

    code = "unusable_view"


class TooManyComments(Conflict):
    """The payment has as many comments as it can hold."""

    code = "too_many_comments"


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member who may decide payments."""

    id: int
    name: str
    email: str


def colleagues() -> tuple[Colleague, ...]:
    """Return who may decide payments of the current tenant, by name."""
    found = [_colleague(each.user) for each in _deciders()]
    return tuple(sorted(found, key=lambda each: (each.name.casefold(), each.id)))


def _deciders() -> list[Membership]:
    return members_who_may(context.current(), _DECIDES)


def _colleague(user: User) -> Colleague:
    return Colleague(user.pk, user.display_name, user.email)


@transaction.atomic
def assign_receipt(
    *, receipt_id: uuid.UUID | str, assignee_id: int | None, assigned_by: User, now: datetime
) -> Assignment | None:
    """Give a payment to a colleague, or to nobody with None; return who has it now.

    Raises: UnknownReceipt; UnusableAssignee: nothing is written.
    """
    receipt = locks.lock_receipt(receipt_id)
    if assignee_id is None:
        Assignment.objects.filter(**about(receipt)).delete()
        audit.record(action="payment.assigned", about=receipt, details={"assignee": None})
        return None
    member = next((each for each in _deciders() if each.user_id == assignee_id), None)
    if member is None or not _reaches(member, receipt):
        raise UnusableAssignee(gettext("This person cannot decide this payment. Choose somebody else."))
    assignment, _ = Assignment.objects.update_or_create(
        **about(receipt),
        defaults={
            "assignee_id": member.user_id,
            "assignee_name": member.user.display_name,
            "assigned_by_id": assigned_by.pk,
            "assigned_at": now,
        },
    )
    details = {"assignee": str(member.user.public_id)}
    audit.record(action="payment.assigned", about=receipt, details=details)
    return assignment


def _reaches(member: Membership, receipt: Receipt) -> bool:
    accounts = reach_of(member).accounts
    return accounts is None or (isinstance(receipt, BankTransaction) and receipt.account_id in accounts)


@transaction.atomic
def comment_on(*, receipt_id: uuid.UUID | str, text: str, author: User, now: datetime) -> Comment:
    """Say something about a payment; `@name` mentions whoever may decide it.

    Raises: UnknownReceipt; UnusableComment, TooManyComments: nothing is written.
    """
    said = " ".join(text.split())
    if not said or len(said) > LONGEST_COMMENT:
        raise UnusableComment(
            gettext("Write between 1 and %(longest_comment)s characters.") % {"longest_comment": LONGEST_COMMENT}
        )
    receipt = locks.lock_receipt(receipt_id)
    if Comment.objects.filter(**about(receipt)).count() >= MOST_COMMENTS:
        raise TooManyComments(
            gettext("A payment holds at most %(most_comments)s comments.") % {"most_comments": MOST_COMMENTS}
        )
    reached = [_colleague(each.user) for each in _deciders() if _reaches(each, receipt)]
    comment = Comment.objects.create(
        author_id=author.pk,
        author_name=author.display_name,
        text=said,
        mentions=mentioned(said, reached),
        written_at=now,
        **about(receipt),
    )
    audit.record(action="payment.commented", about=comment, details={"mentions": len(comment.mentions)})
    return comment


def mentioned(text: str, colleagues: Sequence[Colleague]) -> list[int]:
    """Return whom the text names with @: by the whole name, a first name that only one has, or the e-mail's first part.

    Shape: in the order of `colleagues`, each once.
    """
    handles: dict[str, set[int]] = {}
    for each in colleagues:
        for handle in {each.name, each.name.partition(" ")[0], each.email.partition("@")[0]}:
            if handle:
                handles.setdefault(handle.casefold(), set()).add(each.id)
    named: set[int] = set()
    rest = text.casefold()
    # The longest first, so that “@Ana Petrova” is not read as every Ana.
    for handle in sorted(handles, key=len, reverse=True):
        found = re.compile(rf"(?<!\w)@{re.escape(handle)}(?!\w)")
        if len(handles[handle]) == 1 and found.search(rest):
            named |= handles[handle]
            rest = found.sub(" ", rest)
    return [each.id for each in colleagues if each.id in named]


@transaction.atomic
def save_view(*, name: str, query: str, is_shared: bool, owner: User, place: str = "review") -> SavedView:
    """Keep filters and order of the queue, or of a list, under a name; the same name again replaces them.

    Raises: UnusableView: nothing is written.
    """
    called = " ".join(name.split())
    if not 0 < len(called) <= 60 or len(query) > 500:
        raise UnusableView(gettext("Give the view a name of at most 60 characters."))
    mine = SavedView.objects.filter(owner_id=owner.pk, place=place)
    if mine.exclude(name=called).count() >= MOST_VIEWS:
        raise UnusableView(
            gettext("You keep %(most_views)s views already. Remove one first.") % {"most_views": MOST_VIEWS}
        )
    view, _ = SavedView.objects.update_or_create(
        owner_id=owner.pk,
        place=place,
        name=called,
        defaults={"query": query, "is_shared": is_shared, "owner_name": owner.display_name},
    )
    return view


def forget_view(*, view_id: uuid.UUID | str, owner: User, place: str = "review") -> bool:
    """Remove one of the person's own views of the queue or a list; return whether there was one."""
    return bool(SavedView.objects.filter(public_id=view_id, owner_id=owner.pk, place=place).delete()[0])
