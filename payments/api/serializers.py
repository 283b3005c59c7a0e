"""What the Stripe part of the API says and accepts."""

from rest_framework import serializers

from payments.adapters import equation_of
from payments.models import (
    BalanceTransaction,
    Dispute,
    PaymentIntent,
    Payout,
    Refund,
    StripeConnection,
    StripePayment,
)
from payymo.shared.api.queries import PagedQuery
from payymo.shared.api.serializers import OwnDigits, StrictSerializer
from payymo.shared.models import ReceiptState
from payymo.shared.money import quantized


class StripeConnectionOutput(serializers.ModelSerializer):
    """A connected account; secrets are only said to be set."""

    id = serializers.UUIDField(source="public_id")
    has_webhook_secret = serializers.SerializerMethodField()
    first_sync_done = serializers.SerializerMethodField()
    last_error = serializers.CharField(source="error_in_words", read_only=True)

    class Meta:
        model = StripeConnection
        fields = (
            "id", "gateway", "account_id", "account_name", "kind", "livemode", "default_currency", "state", "key_last4",
            "has_webhook_secret", "superfluous_permissions", "permissions_checked_at", "first_sync_done",
            "sync_progress", "last_success_at", "next_sync_at", "failures", "last_error", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_has_webhook_secret(self, row: StripeConnection) -> bool:
        """Return whether webhooks can be verified."""
        return bool(row.webhook_secret_sealed)

    def get_first_sync_done(self, row: StripeConnection) -> bool:
        """Return whether the whole history was read once; until then `sync_progress` says how far it is."""
        return row.synced_until is not None


class WebhookSecretInput(StrictSerializer):
    """A new signing secret; the one before stays valid until the next change."""

    webhook_secret = serializers.CharField(max_length=255)


class PermissionsOutput(serializers.Serializer[StripeConnection]):
    """What the key lacks, and what it has beyond the need."""

    missing = serializers.ListField(child=serializers.CharField())
    superfluous = serializers.ListField(child=serializers.CharField())


class StripeConnectionInput(StrictSerializer):
    """A pasted key."""

    key = serializers.CharField(max_length=255)
    webhook_secret = serializers.CharField(max_length=255, required=False, default="", allow_blank=True)


class GoCardlessConnectionInput(StrictSerializer):
    """A pasted access token."""

    token = serializers.CharField(max_length=255)
    webhook_secret = serializers.CharField(max_length=255, required=False, default="", allow_blank=True)


class PaymentIntentQuery(PagedQuery):
    """The filters of the list of attempts to pay."""

    status = serializers.CharField(required=False, max_length=40)


class StripePaymentQuery(PagedQuery):
    """Query of the list of charges."""

    state = serializers.ChoiceField(choices=ReceiptState.choices, required=False)


class StripePaymentOutput(serializers.ModelSerializer):
    """A charge and how much of it is matched."""

    id = serializers.UUIDField(source="public_id")
    amount = OwnDigits()
    allocated = OwnDigits()
    amount_refunded = OwnDigits()
    fee = OwnDigits(currency="settlement_currency")
    net = OwnDigits(currency="settlement_currency")
    payout = serializers.CharField(source="payout.payout_id", default=None)

    class Meta:
        model = StripePayment
        fields = (
            "id", "charge_id", "payment_intent_id", "charged_at", "amount", "currency", "amount_refunded", "fee", "net",
            "settlement_currency", "status", "disputed", "email", "name", "description", "metadata", "payout", "state",
            "allocated",
        )  # fmt: skip
        read_only_fields = fields


class RefundOutput(serializers.ModelSerializer):
    """Money given back; a failed one says why and which movement brought the money back."""

    amount = OwnDigits()

    class Meta:
        model = Refund
        fields = (
            "refund_id", "amount", "currency", "status", "reason", "failure_reason", "failure_balance_transaction_id",
            "refunded_at",
        )  # fmt: skip
        read_only_fields = fields


class DisputeOutput(serializers.ModelSerializer):
    """A dispute, what came of it, and what it moved in the settlement currency."""

    amount = OwnDigits()
    outcome = serializers.ChoiceField(choices=Dispute.Outcome.choices)
    withdrawn = OwnDigits(currency="moved_in")
    reinstated = OwnDigits(currency="moved_in")
    fee = OwnDigits(currency="moved_in")
    fee_returned = OwnDigits(currency="moved_in")

    class Meta:
        model = Dispute
        fields = (
            "dispute_id", "amount", "currency", "status", "outcome", "reason", "disputed_at", "evidence_due_at",
            "withdrawn", "reinstated", "fee", "fee_returned", "settlement_currency",
        )  # fmt: skip
        read_only_fields = fields


class StripePaymentDetailOutput(StripePaymentOutput):
    """A charge with its refunds and disputes."""

    refunds = RefundOutput(many=True)
    disputes = DisputeOutput(many=True)

    class Meta(StripePaymentOutput.Meta):
        fields = (*StripePaymentOutput.Meta.fields, "refunds", "disputes")
        read_only_fields = fields


class PaymentIntentOutput(serializers.ModelSerializer):
    """An attempt to pay; `amount_capturable` is authorised and not captured yet."""

    id = serializers.UUIDField(source="public_id")
    amount = OwnDigits()
    amount_received = OwnDigits()
    amount_capturable = OwnDigits()

    class Meta:
        model = PaymentIntent
        fields = (
            "id", "intent_id", "charge_id", "amount", "amount_received", "amount_capturable", "currency", "status",
            "description", "metadata", "error_code", "stripe_created_at",
        )  # fmt: skip
        read_only_fields = fields


class PayoutItemOutput(serializers.ModelSerializer):
    """A movement that a payout holds."""

    amount = OwnDigits()
    fee = OwnDigits()
    net = OwnDigits()

    class Meta:
        model = BalanceTransaction
        fields = ("transaction_id", "kind", "reporting_category", "source_id", "amount", "fee", "net", "currency")
        read_only_fields = fields


class PayoutOutput(serializers.ModelSerializer):
    """A payout and its equation: the parts, the payout's own fee and what was carried in add up to amount + rest.

    The rest is `items_difference`, less `carried_out` where Stripe names no items.
    """

    id = serializers.UUIDField(source="public_id")
    amount = OwnDigits()
    fee = OwnDigits()
    items_difference = OwnDigits()
    carried_in = OwnDigits()
    carried_out = OwnDigits()
    parts = serializers.SerializerMethodField()

    class Meta:
        model = Payout
        fields = (
            "id", "payout_id", "amount", "currency", "arrival_date", "status", "automatic", "method",
            "reconciliation_status", "statement_descriptor", "trace_id", "items_complete", "items_inferred", "parts",
            "fee", "carried_in", "carried_out", "items_difference", "failure_message", "original_payout_id",
            "reversed_by_id",
        )  # fmt: skip
        read_only_fields = fields

    def get_parts(self, row: Payout) -> dict[str, dict[str, str | int]]:
        """Return sum and count of each part, signed; empty until the items are known."""
        equation = equation_of(row)
        return {
            str(part): {"amount": str(quantized(amount, row.currency)), "count": equation.counts.get(part, 0)}
            for part, amount in equation.parts.items()
        }
