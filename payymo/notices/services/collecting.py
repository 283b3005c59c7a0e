"""Reading the audit log link by link: its numbers are gapless and in the order of commits, so that a position in it
loses nothing and passes nothing twice. The position moves in the transaction that tells.
"""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from banking.models import BankTransaction
from matching.models import Comment, InvoiceMatch
from payments.models import StripePayment
from payymo.audit.models import AuditLink
from payymo.notices.kinds import Kind
from payymo.notices.models import Position
from payymo.notices.services.telling import Happening, said, tell
from tenants import context

BATCH = 500
_NAME = "audit"
_STOPPED = ("CONFLICT", "FAILED")
ACTIONS = (
    "posting.moved", "payment.assigned", "payment.commented", "engine.trained", "automation.stopped",
    "api_key.made", "staff.entered",
)  # fmt: skip


@contextmanager
def locked() -> Iterator[Position]:
    """Open a transaction and hold the teller's lock in it; the position begins at the log's end of today."""
    head = AuditLink.objects.aggregate(last=Max("number"))["last"] or 0
    Position.objects.get_or_create(name=_NAME, defaults={"number": head})
    with transaction.atomic():
        yield Position.objects.select_for_update().get(name=_NAME)


def collect(*, now: datetime) -> int:
    """Tell what the log says since the last time, a batch; return how many links were read."""
    with locked() as position:
        links = list(
            AuditLink.objects.filter(number__gt=position.number).select_related("entry").order_by("number")[:BATCH]
        )
        if not links:
            return 0
        tell(list(_happenings([link for link in links if link.entry.action in ACTIONS])), now=now)
        position.number = links[-1].number
        position.save(update_fields=["number"])
    return len(links)


def _happenings(links: list[AuditLink]) -> Iterator[Happening]:
    by_action: dict[str, list[AuditLink]] = {}
    for link in links:
        by_action.setdefault(link.entry.action, []).append(link)
    yield from _postings(by_action.get("posting.moved", []))
    yield from _assigned(by_action.get("payment.assigned", []))
    yield from _mentioned(by_action.get("payment.commented", []))
    company = context.current().public_id
    for link in by_action.get("engine.trained", []):
        yield _one(link, Kind.ENGINE_TRAINED, {name: link.entry.details.get(name) for name in ("version", "taken")})
    for link in by_action.get("automation.stopped", []):
        yield _one(link, Kind.AUTOMATION_STOPPED, {name: link.entry.details.get(name) for name in ("corrected",)})
    for link in by_action.get("api_key.made", []):
        yield _one(link, Kind.API_KEY_MADE, {})
    for link in by_action.get("staff.entered", []):
        yield Happening(Kind.STAFF_ENTERED, company, str(link.number), link.entry.happened_at)


def _one(link: AuditLink, kind: Kind, details: dict[str, Any], **more: Any) -> Happening:
    entry = link.entry
    about = more.pop("about", None) or entry.object_id or context.current().public_id
    return Happening(kind, about, str(link.number), entry.happened_at, details, **more)


def _postings(links: list[AuditLink]) -> Iterator[Happening]:
    # What WHMCS had booked by itself begins as posted, and is no posting of ours.
    told = [
        link for link in links
        if link.entry.details.get("to") in _STOPPED
        or (link.entry.details.get("to") == "POSTED" and link.entry.details.get("from"))
    ]  # fmt: skip
    account_of = _account_of_postings(link.entry.object_id for link in told)
    for link in told:
        details = link.entry.details
        kind = Kind.POSTING_POSTED if details["to"] == "POSTED" else Kind.POSTING_STOPPED
        account = account_of.get(link.entry.object_id) if link.entry.object_id else None
        money = said(details["amount"], details["currency"])
        about = {"posting": str(link.entry.object_id), "state": details["to"]}
        yield _one(link, kind, about | money, account=account)


def _account_of_postings(ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, int]:
    rows = InvoiceMatch.objects.filter(posting__public_id__in=[each for each in ids if each is not None])
    return dict(rows.values_list("posting__public_id", "bank_transaction__account_id"))


def _receipts(ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, dict[str, Any]]:
    """Return what may be said of payments, and the account of those that a bank brought."""
    wanted = [each for each in ids if each is not None]
    found: dict[uuid.UUID, dict[str, Any]] = {}
    columns = ("public_id", "amount", "currency")
    for public_id, amount, currency, account in BankTransaction.objects.filter(public_id__in=wanted).values_list(
        *columns, "account_id"
    ):
        found[public_id] = {"money": said(amount, currency), "account": account}
    for public_id, amount, currency in StripePayment.objects.filter(public_id__in=wanted).values_list(*columns):
        found[public_id] = {"money": said(amount, currency), "account": None}
    return found


def _about_receipt(link: AuditLink, kind: Kind, public_id: uuid.UUID, what: dict[str, Any], to: frozenset[int]) -> Any:
    details = {"receipt": str(public_id), **what["money"]}
    return _one(link, kind, details, about=public_id, account=what["account"], to=to)


def _assigned(links: list[AuditLink]) -> Iterator[Happening]:
    given = [link for link in links if link.entry.details.get("assignee")]
    receipts = _receipts(link.entry.object_id for link in given)
    people = dict(
        User.objects.filter(public_id__in=[link.entry.details["assignee"] for link in given]).values_list(
            "public_id", "pk"
        )
    )
    for link in given:
        entry = link.entry
        user = people.get(uuid.UUID(entry.details["assignee"]))
        # Whoever takes a payment over themselves knows.
        if entry.object_id in receipts and user is not None and str(entry.actor_id) != entry.details["assignee"]:
            yield _about_receipt(link, Kind.ASSIGNED, entry.object_id, receipts[entry.object_id], frozenset({user}))


def _mentioned(links: list[AuditLink]) -> Iterator[Happening]:
    told = {link.entry.object_id: link for link in links if link.entry.object_id and link.entry.details.get("mentions")}
    comments = Comment.objects.filter(public_id__in=told).select_related("bank_transaction", "stripe_payment")
    for comment in comments.order_by("pk"):
        receipt = comment.bank_transaction or comment.stripe_payment
        assert receipt is not None  # noqa: S101 - kept by a constraint
        what = {
            "money": said(receipt.amount, receipt.currency),
            "account": getattr(comment.bank_transaction, "account_id", None),
        }  # fmt: skip
        to = frozenset(comment.mentions) - {comment.author_id}
        yield _about_receipt(told[comment.public_id], Kind.MENTIONED, receipt.public_id, what, to)
