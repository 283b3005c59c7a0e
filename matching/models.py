"""Proposals, decisions, allocations, settlements and what is learned from them. Tenant schema."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from banking.models import BankTransaction
from matching.core.memory import HALF_LIFE_DAYS
from matching.index_models import (
    ClientDomain,
    ClientNames,
    ClientWord,
    FullRun,
    InvoiceNumber,
    NameWord,
    NumberPrefix,
)
from matching.learning_models import AutomationStop, EngineModel
from matching.pair_models import EntryPair
from matching.policy_models import AutoApprovalPolicy, Band, TwoPersonLimit
from matching.rule_models import MatchingRule
from matching.taken_back_models import TakenBack
from matching.teamwork_models import Assignment, Comment, DismissedOffer, SavedView
from payments.models import Payout, StripePayment
from payymo.shared.models import Record
from payymo.shared.money import CurrencyField, MoneyField
from whmcs.models import Client, Invoice, Posting

__all__ = [
    "Allocation",
    "Assignment",
    "AutoApprovalPolicy",
    "AutomationStop",
    "Band",
    "ClientDomain",
    "ClientNames",
    "ClientWord",
    "Comment",
    "Decision",
    "DismissedOffer",
    "EngineModel",
    "EntryPair",
    "FullRun",
    "InvoiceMatch",
    "InvoiceNumber",
    "NameWord",
    "NumberPrefix",
    "PayerProfile",
    "Proposal",
    "ProposalLine",
    "SavedView",
    "Settlement",
    "StripeInvoiceMatch",
    "TakenBack",
    "TwoPersonLimit",
]

_EXACTLY_ONE_RECEIPT = Q(bank_transaction__isnull=False, stripe_payment__isnull=True) | Q(
    bank_transaction__isnull=True, stripe_payment__isnull=False
)


class Decision(Record):
    """What a person or the policy decided about one receipt. Append-only; an undo is a decision too."""

    class Kind(models.TextChoices):
        """What was decided."""

        APPROVE = "APPROVE", _("Approved")
        ALLOCATE = "ALLOCATE", _("Matched by hand")
        FIRST = "FIRST", _("Approved, waits for a second person")
        REJECT = "REJECT", _("Rejected")
        IGNORE = "IGNORE", _("Ignored")
        HOLD = "HOLD", _("Put off")
        SETTLE = "SETTLE", _("Payout found on the bank account")
        PAIR = "PAIR", _("Paired with another entry")
        UNDO = "UNDO", _("Undone")
        WRONG = "WRONG", _("Reported as wrong")
        GIVE_UP = "GIVE_UP", _("Posting given up")

    class Source(models.TextChoices):
        """Who decided."""

        PERSON = "person", _("Person")
        POLICY = "policy", _("Auto-approval")
        RULE = "rule", _("Rule")
        STAFF = "staff", _("Payymo staff")

    kind = models.CharField(max_length=10, choices=Kind)
    source = models.CharField(max_length=10, choices=Source)
    bank_transaction = models.ForeignKey(
        BankTransaction, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    stripe_payment = models.ForeignKey(
        StripePayment, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    decided_by_id = models.BigIntegerField(null=True, blank=True, help_text=_("user; empty for the policy"))
    decided_by_name = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    rule = models.ForeignKey(MatchingRule, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions")
    probability = models.FloatField(null=True, blank=True)
    engine_version = models.CharField(max_length=40, blank=True)
    suggested_band = models.CharField(
        max_length=8, choices=Band, blank=True, help_text=_("of the best suggestion; empty when this does not judge it")
    )
    suggested_probability = models.FloatField(null=True, blank=True, help_text=_("empty when nothing was suggested"))
    followed = models.BooleanField(null=True, blank=True, help_text=_("whether what was suggested was decided"))
    decided_at = models.DateTimeField(db_index=True)
    undo_until = models.DateTimeField(null=True, blank=True)
    batch = models.UUIDField(null=True, blank=True, db_index=True, help_text=_("shared by what was approved in one go"))
    open_ms = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_("from when the payment was shown until it was decided, as a browser measured"),
    )
    agreed = models.CharField(
        max_length=64, blank=True, help_text=_("a first approval: hash of the invoices and amounts it means")
    )
    seconds = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="seconded_by",
        help_text=_("the first approval that this one is the second to"),
    )  # fmt: skip
    first_person_id = models.BigIntegerField(null=True, blank=True, help_text=_("who gave it; never who decided this"))
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by")
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by",
        help_text=_("a posted decision that a person reports as wrong; the money is put right in WHMCS"),
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_EXACTLY_ONE_RECEIPT, name="a_decision_is_about_one_receipt"),
            models.CheckConstraint(
                condition=Q(seconds=None, first_person_id=None)
                | Q(seconds__isnull=False, first_person_id__isnull=False, decided_by_id__isnull=False, source="person")
                & ~Q(first_person_id=F("decided_by_id")),
                name="a_second_person_is_another",
            ),
            models.CheckConstraint(
                condition=~Q(kind="FIRST") | Q(decided_by_id__isnull=False) & ~Q(agreed=""),
                name="a_first_approval_says_by_whom_of_what",
            ),
        ]
        indexes = [models.Index(fields=["decided_by_id", "id"], name="decision_of_person")]


class Proposal(Record):
    """A possible use of one receipt, saved for decision. Rank 1 with band `none` and no line says why there is none."""

    class Status(models.TextChoices):
        """Only an OPEN proposal can be decided."""

        OPEN = "OPEN", _("To review")
        APPROVED = "APPROVED", _("Approved")
        REJECTED = "REJECTED", _("Rejected")
        SUPERSEDED = "SUPERSEDED", _("Replaced")

    bank_transaction = models.ForeignKey(
        BankTransaction, on_delete=models.CASCADE, null=True, blank=True, related_name="proposals"
    )
    stripe_payment = models.ForeignKey(
        StripePayment, on_delete=models.CASCADE, null=True, blank=True, related_name="proposals"
    )
    rank = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    band = models.CharField(max_length=8, choices=Band)
    kind = models.CharField(max_length=20, blank=True)
    probability = models.FloatField()
    is_tie = models.BooleanField(default=False)
    is_certain = models.BooleanField(default=False, help_text=_("the engine's own rule allows automation"))
    client = models.ForeignKey(Client, on_delete=models.SET_NULL, null=True, blank=True, related_name="proposals")
    reasons = models.JSONField(default=list)
    why_not = models.JSONField(default=list)
    rival = models.JSONField(null=True, blank=True, help_text=_("what it is measured against, and on what that lost"))
    rules = models.JSONField(default=list, help_text=_("the rules that had a say: id, name, action, spans"))
    ignore_rule = models.ForeignKey(
        MatchingRule, on_delete=models.SET_NULL, null=True, blank=True, related_name="proposals_to_ignore"
    )
    none_reason = models.CharField(max_length=40, blank=True)
    engine_version = models.CharField(max_length=40)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals")
    amount = MoneyField(help_text=_("of the receipt, for the order of the queue"))
    currency = CurrencyField()
    received_date = models.DateField(null=True, blank=True, help_text=_("of the receipt, for the order of the queue"))
    due_date = models.DateField(null=True, blank=True, help_text=_("the earliest of its invoices, for the order"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_EXACTLY_ONE_RECEIPT, name="a_proposal_is_about_one_receipt"),
            models.UniqueConstraint(
                fields=["bank_transaction", "rank"], condition=Q(status="OPEN"), name="one_open_bank_proposal_per_rank"
            ),
            models.UniqueConstraint(
                fields=["stripe_payment", "rank"], condition=Q(status="OPEN"), name="one_open_charge_proposal_per_rank"
            ),
        ]
        indexes = [
            models.Index(fields=["band", "amount", "id"], condition=Q(status="OPEN", rank=1), name="proposal_queue"),
            models.Index(fields=["received_date", "id"], condition=Q(status="OPEN", rank=1), name="proposal_oldest"),
            models.Index(fields=["due_date", "id"], condition=Q(status="OPEN", rank=1), name="proposal_due"),
            models.Index(
                fields=["id"], condition=Q(status="OPEN", rank=1, ignore_rule__isnull=False), name="proposal_to_ignore"
            ),
        ]


class ProposalLine(models.Model):
    """One invoice of a proposal and the amount it would get, in the invoice's currency."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="lines")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="proposal_lines")
    amount = MoneyField()
    fee = MoneyField(default=0, help_text="missing, and written off by a rule: the invoice counts it as paid")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "invoice"], name="one_line_per_invoice")]

    def __str__(self) -> str:
        """Name the line."""
        return f"line {self.pk}"


class Allocation(Record):
    """A decided use of received money. Never edited: a mistake is reversed by a row with the opposite amount."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="%(class)s_set")
    amount = MoneyField(help_text=_("negative on a row that reverses another"))
    fee = MoneyField(default=0, help_text=_("written off beside it: never received, posted to WHMCS as a fee"))
    currency = CurrencyField()
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="%(class)s_set")
    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, null=True, blank=True, related_name="%(class)s_set")
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    allocated_at = models.DateTimeField()

    class Meta:
        abstract = True


class InvoiceMatch(Allocation):
    """Bank transaction -> invoice."""

    bank_transaction = models.ForeignKey(BankTransaction, on_delete=models.PROTECT, related_name="allocations")

    class Meta:
        verbose_name_plural = "invoice matches"


class StripeInvoiceMatch(Allocation):
    """Stripe charge -> invoice."""

    stripe_payment = models.ForeignKey(StripePayment, on_delete=models.PROTECT, related_name="allocations")

    class Meta:
        verbose_name = "Stripe invoice match"
        verbose_name_plural = "Stripe invoice matches"


class Settlement(Record):
    """A payout found on the bank account, or the return of a failed one. Taken back by `undone_by`, never deleted.

    Several payouts may share a bank entry; their `bank_amount`s then add up to it.
    """

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="settlements")
    bank_transaction = models.ForeignKey(BankTransaction, on_delete=models.PROTECT, related_name="settlements")
    amount = MoneyField(help_text=_("of the payout; the opposite on a return"))
    currency = CurrencyField()
    bank_amount = MoneyField(help_text=_("of the bank entry"))
    bank_currency = CurrencyField()
    is_return = models.BooleanField(default=False, help_text=_("the bank took a failed payout's money back"))
    clue = models.CharField(max_length=12, blank=True, help_text=_("what connected the two; empty when a person did"))
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="settlements")
    undone_by = models.ForeignKey(
        Decision, on_delete=models.PROTECT, null=True, blank=True, related_name="undone_settlements"
    )
    settled_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payout", "is_return"], condition=Q(undone_by=None), name="a_payout_is_settled_once"
            ),
            models.UniqueConstraint(
                fields=["payout", "bank_transaction"], condition=Q(undone_by=None), name="a_payout_once_per_entry"
            ),
        ]


class PayerProfile(Record):
    """What decisions taught about a payer: this account, or this name, has paid for this client."""

    class Kind(models.TextChoices):
        """By what the payer is known."""

        ACCOUNT = "account", _("Account")
        NAME = "name", _("Name")
        TEXT = "text", _("Name and text")

    kind = models.CharField(max_length=8, choices=Kind)
    key = models.CharField(max_length=200, help_text="keyed hash of the account, or the folded name")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="payer_profiles")
    hits = models.PositiveIntegerField(default=0)
    rejections = models.PositiveIntegerField(default=0)
    last_seen_date = models.DateField()
    weight = models.FloatField(default=0, help_text="what the hits weigh on the day last seen; halves in 180 days")
    rejected_weight = models.FloatField(default=0, help_text="what the rejections weigh on their last day; as above")
    rejected_date = models.DateField(null=True, blank=True)
    is_blocked = models.BooleanField(default=False)
    label = models.CharField(max_length=80, blank=True, help_text="what people call this payer")

    class Meta:
        indexes = [models.Index(fields=["last_seen_date", "id"], name="payer_last_seen")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "key", "client"], name="one_profile_per_payer_and_client")
        ]

    def rejection(self) -> tuple[float, int] | None:
        """What the rejections weigh and their last day, where they weigh more than the hits; both fade alike."""
        if self.rejected_date is None or not self.rejections:
            return None
        later = (self.rejected_date - self.last_seen_date).days
        outweighs = self.rejected_weight > self.weight * 0.5 ** (later / HALF_LIFE_DAYS)
        return (self.rejected_weight, self.rejected_date.toordinal()) if outweighs else None
