"""A company in which every page has something to show. What it names is Greek, so that no name passes for a text."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from accounts.models import Membership, Role, User
from accounts.services import api_keys
from matching.core.scoring import shipped_model
from matching.models import EngineModel, Proposal
from matching.services import allocation, pairing, proposing, rules, setting_aside, teamwork
from matching.services.decisions import Actor
from matching.services.rules import RuleDraft
from payymo.notices.kinds import Kind
from payymo.notices.models import Event, Notice
from payymo.notices.services import endpoints
from tenants.models import Tenant
from tests.factories import rows
from whmcs.models import Posting

NOW = datetime.now(UTC)
TODAY = NOW.date()
NAMES = ("Ακμή ΑΕ", "Βήτα ΕΠΕ", "Γάμμα ΟΕ", "Δέλτα ΑΕ", "Ήτα ΙΚΕ", "Θήτα ΑΕ")


def fill(tenant: Tenant, owner: User) -> None:
    """Fill it: money in every state, rules, people, keys, endpoints, notices."""
    Tenant.objects.filter(pk=tenant.pk).update(name="Ακμή")
    for number, member in enumerate(User.objects.filter(memberships__tenant=tenant)):
        member.name = f"Μέλος {number}"
        member.save(update_fields=["name"])
    owner.refresh_from_db()
    actor = Actor.person(owner)
    account = rows.account()
    account.name = "Ταμείο"
    account.save(update_fields=["name"])
    billing = rows.instance()
    billing.name = "Λογιστήριο"
    billing.save(update_fields=["name"])
    clients = [rows.client(name) for name in NAMES]
    open_ones = [
        rows.invoice(f"№{7000 + place}", f"{120 + place}.00", of=each, text="Φιλοξενία", due_date=TODAY)
        for place, each in enumerate(clients)
    ]
    found = [
        rows.transfer(
            invoice.number, invoice.balance, into=account, name=NAMES[place], end_to_end_id=f"№{place}",
            booking_date=TODAY - timedelta(days=place),
        )
        for place, invoice in enumerate(open_ones)
    ]  # fmt: skip
    unknown = rows.transfer("", "15.00", into=account, name="Άγνωστος", booking_date=TODAY)
    charge = rows.charge("49.00", name="Ζήτα", fee=Decimal("1.20"), net=Decimal("47.80"))
    rows.payout("47.80", arrival_date=TODAY)
    proposing.propose(receipts=[*found, unknown, charge], now=NOW)
    _decide(found, open_ones, actor)
    teamwork.comment_on(receipt_id=found[3].public_id, text="Έλεγχος", author=owner, now=NOW)
    draft = RuleDraft(name="Μισθοί", action="ignore", remittance_text="μισθός", ignore_reason="payroll")
    rules.create_rule(draft=draft, by=owner, now=NOW)
    EngineModel.objects.create(
        number=1, version=f"{shipped_model().version}+1", base_version=shipped_model().version, state="KEPT",
        trained_at=NOW,
    )  # fmt: skip
    _people(tenant, owner)
    _told(owner, found[3].public_id)


def _decide(found: list, open_ones: list, actor: Actor) -> None:
    best = Proposal.objects.get(bank_transaction=found[0], rank=1)
    allocation.approve_proposal(proposal_id=best.public_id, actor=actor, now=NOW)
    allocation.allocate_by_hand(
        receipt_id=found[1].public_id, lines=[allocation.Line(open_ones[1].pk, found[1].amount)], actor=actor,
        now=NOW - timedelta(hours=1),
    )  # fmt: skip
    Posting.objects.filter(invoice=open_ones[1]).update(state="CONFLICT", last_error="")
    setting_aside.ignore_receipt(receipt_id=found[2].public_id, reason="private", actor=actor, now=NOW)
    returned = {"end_to_end_id": found[1].end_to_end_id, "return_sign": "bank", "booking_date": TODAY}
    rows.transfer("", f"-{found[1].amount}", name=NAMES[1], into=found[1].account, **returned)
    pairing.pair_found(now=NOW)


def _people(tenant: Tenant, owner: User) -> None:
    role = Role.objects.create(tenant=tenant, code="desk", name="Γραφείο", permissions=["review.view"])
    colleague = User.objects.create_user("desk@acme.example", "correct horse battery", name="Νίκος")
    Membership.objects.create(user=colleague, tenant=tenant, role=role, is_active=True)
    member = Membership.objects.get(user=owner, tenant=tenant)
    scopes = ["invoices.view"]
    api_keys.make_api_key(
        membership=member, granted=frozenset(scopes), name="Πρόγραμμα", scopes=scopes,
        expires_at=NOW + timedelta(days=30), now=NOW,
    )  # fmt: skip


def _told(owner: User, receipt: object) -> None:
    asked = {"form": "webhook", "name": "Βιβλία", "address": "https://books.example/hook"}
    endpoints.add(**asked, kinds=["posting.stopped"], now=NOW)
    day = TODAY.isoformat()
    details = {
        "amount": "49.00", "currency": "EUR", "receipt": str(receipt), "days": 3, "since": day, "day": day, "most": 5,
        "used": 4, "refused": 2, "taken": 7, "version": "1", "what": "users", "count": 2,
        "source": "bank", "outcome": "lost",
    }  # fmt: skip
    of_kind = {Kind.BOOKS_DIFFER: {"what": "amount_differs"}}
    for number, kind in enumerate(Kind):
        event = Event.objects.create(
            kind=kind,
            about=receipt,
            occasion=str(number),
            happened_at=NOW,
            details={**details, **of_kind.get(kind, {})},
        )
        Notice.objects.create(event=event, user_id=owner.pk)
