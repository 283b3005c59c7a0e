"""What the matching API says and accepts. Input and output are separate classes."""

from typing import Any

from rest_framework import serializers

from matching.models import Band, Decision, Proposal
from matching.services.rests import Rest
from matching.services.setting_aside import IGNORE_REASONS
from matching.services.why_none import why_none
from payymo.shared.api.queries import PagedQuery
from payymo.shared.api.serializers import StrictSerializer
from payymo.shared.money import quantized


class ProposalQuery(PagedQuery):
    """Query of the list of suggestions."""

    status = serializers.ChoiceField(choices=Proposal.Status.choices, required=False, default=Proposal.Status.OPEN)
    band = serializers.ChoiceField(choices=Band.choices, required=False)
    receipt = serializers.UUIDField(required=False)


class ProposalOutput(serializers.ModelSerializer):
    """A suggestion with its lines, reasons and why-not."""

    id = serializers.UUIDField(source="public_id")
    receipt = serializers.SerializerMethodField()
    source = serializers.SerializerMethodField()
    client = serializers.UUIDField(source="client.public_id", default=None, allow_null=True)
    amount = serializers.SerializerMethodField()
    lines = serializers.SerializerMethodField()
    rival = serializers.SerializerMethodField()
    rules = serializers.SerializerMethodField()

    class Meta:
        model = Proposal
        fields = (
            "id", "receipt", "source", "rank", "status", "band", "kind", "probability", "is_tie", "is_certain",
            "client", "amount", "currency", "lines", "reasons", "why_not", "rival", "rules", "none_reason",
            "engine_version", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_receipt(self, row: Proposal) -> str:
        """Return the public id of the payment."""
        subject = row.bank_transaction or row.stripe_payment
        return str(subject.public_id) if subject else ""

    def get_source(self, row: Proposal) -> str:
        """Return `bank` or `stripe`."""
        return "bank" if row.bank_transaction_id else "stripe"

    def get_amount(self, row: Proposal) -> str:
        """Return the payment's amount with the currency's own digits."""
        return str(quantized(row.amount, row.currency))

    def get_lines(self, row: Proposal) -> list[dict[str, Any]]:
        """Return invoice and amount of each line."""
        return [
            {
                "invoice": str(line.invoice.public_id),
                "number": line.invoice.display_number,
                "amount": str(quantized(line.amount, line.invoice.currency)),
                "fee": str(quantized(line.fee, line.invoice.currency)),
                "currency": line.invoice.currency,
            }
            for line in row.lines.all()
        ]

    def get_rival(self, row: Proposal) -> dict[str, Any] | None:
        """Return the rank (0: it settles nothing) and chance of what it is measured against, and what decided."""
        if row.rival is None:
            return None
        behind = [{"code": code, "weight": weight} for code, weight in row.rival["behind"]]
        return {"rank": row.rival["rank"], "probability": row.rival["probability"], "behind": behind}

    def get_rules(self, row: Proposal) -> list[dict[str, Any]]:
        """Return name, action and spans of the rules that had a say."""
        return [{"name": each["name"], "action": each["action"], "spans": each["spans"]} for each in row.rules]


class ProposalDetailOutput(ProposalOutput):
    """One suggestion; where it names no invoice, also the facts that speak against one now."""

    why_none = serializers.SerializerMethodField()

    class Meta(ProposalOutput.Meta):
        fields = (*ProposalOutput.Meta.fields, "why_none")
        read_only_fields = fields

    def get_why_none(self, row: Proposal) -> list[dict[str, str]]:
        """Return code and sentence of each fact."""
        subject = row.bank_transaction or row.stripe_payment
        if row.band != Band.NONE or row.status != Proposal.Status.OPEN or subject is None:
            return []
        return [{"code": fact.code, "text": fact.text} for fact in why_none(subject)]


class DecisionOutput(serializers.ModelSerializer):
    """A decision."""

    id = serializers.UUIDField(source="public_id")
    receipt = serializers.SerializerMethodField()
    undone = serializers.SerializerMethodField()
    postings = serializers.SerializerMethodField()

    class Meta:
        model = Decision
        fields = (
            "id", "kind", "source", "receipt", "decided_by_name", "reason", "probability", "decided_at", "undo_until",
            "undone", "postings",
        )  # fmt: skip
        read_only_fields = fields

    def get_receipt(self, row: Decision) -> str:
        """Return the public id of the payment."""
        subject = row.bank_transaction or row.stripe_payment
        return str(subject.public_id) if subject else ""

    def get_undone(self, row: Decision) -> bool:
        """Return whether it was taken back."""
        return hasattr(row, "undone_by")

    def get_postings(self, row: Decision) -> list[str]:
        """Return the public ids of the postings it left."""
        matches = row.invoicematch_set.all() if row.bank_transaction_id else row.stripeinvoicematch_set.all()
        return [str(match.posting.public_id) for match in matches if match.posting]


_RESTS = [(rest.value, rest.value) for rest in Rest]


class RestInput(StrictSerializer):
    """What becomes of money beyond the suggestion: open, the client's credit in WHMCS, or their next invoices."""

    rest = serializers.ChoiceField(choices=_RESTS, default=Rest.OPEN.value)


class RejectInput(StrictSerializer):
    """Why a suggestion is wrong, if the person says so."""

    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class HoldInput(StrictSerializer):
    """Until when a payment is put off."""

    until = serializers.DateField()


class IgnoreInput(StrictSerializer):
    """Why a payment settles no invoice."""

    reason = serializers.ChoiceField(choices=[(reason, reason) for reason in IGNORE_REASONS])


class LineInput(StrictSerializer):
    """One invoice of a match by hand; `fee` is missing and written off: the invoice counts it as paid."""

    invoice = serializers.UUIDField()
    amount = serializers.DecimalField(max_digits=18, decimal_places=3, min_value=0)
    fee = serializers.DecimalField(max_digits=18, decimal_places=3, min_value=0, default=0)


class AllocateInput(StrictSerializer):
    """A match by hand."""

    receipt = serializers.UUIDField()
    lines = LineInput(many=True, allow_empty=False, max_length=200)
    may_overpay = serializers.BooleanField(default=False)
    rest = serializers.ChoiceField(choices=_RESTS, default=Rest.OPEN.value)
