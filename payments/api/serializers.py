"""What the Stripe part of the API says and accepts."""

from typing import Any

from rest_framework import serializers

from payments.models import BalanceTransaction, Payout, StripeConnection, StripePayment
from payymo.shared.money import quantized


class StripeConnectionOutput(serializers.ModelSerializer):
    """A connected account; secrets are only said to be set."""

    id = serializers.UUIDField(source="public_id")
    has_webhook_secret = serializers.SerializerMethodField()

    class Meta:
        model = StripeConnection
        fields = (
            "id", "account_id", "account_name", "kind", "livemode", "default_currency", "state", "key_last4",
            "has_webhook_secret", "last_success_at", "next_sync_at", "failures", "last_error", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_has_webhook_secret(self, row: StripeConnection) -> bool:
        """Return whether webhooks can be verified."""
        return bool(row.webhook_secret_sealed)


class StripeConnectionInput(serializers.Serializer):
    """A pasted key."""

    key = serializers.CharField(max_length=255)
    webhook_secret = serializers.CharField(max_length=255, required=False, default="", allow_blank=True)

    def to_internal_value(self, data: Any) -> Any:
        """Read the fields.

        Raises: ValidationError naming each unknown field.
        """
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError({name: "Unknown field." for name in sorted(unknown)})
        return super().to_internal_value(data)


class StripePaymentOutput(serializers.ModelSerializer):
    """A charge and how much of it is matched."""

    id = serializers.UUIDField(source="public_id")
    amount = serializers.SerializerMethodField()
    allocated = serializers.SerializerMethodField()
    payout = serializers.CharField(source="payout.payout_id", default=None)

    class Meta:
        model = StripePayment
        fields = (
            "id", "charge_id", "payment_intent_id", "charged_at", "amount", "currency", "amount_refunded", "fee", "net",
            "settlement_currency", "status", "disputed", "email", "name", "description", "metadata", "payout", "state",
            "allocated",
        )  # fmt: skip
        read_only_fields = fields

    def get_amount(self, row: StripePayment) -> str:
        """Return the amount with the currency's own digits."""
        return str(quantized(row.amount, row.currency))

    def get_allocated(self, row: StripePayment) -> str:
        """Return the matched amount with the currency's own digits."""
        return str(quantized(row.allocated, row.currency))


class PayoutItemOutput(serializers.ModelSerializer):
    """A movement that a payout holds."""

    class Meta:
        model = BalanceTransaction
        fields = ("transaction_id", "kind", "reporting_category", "source_id", "amount", "fee", "net", "currency")
        read_only_fields = fields


class PayoutOutput(serializers.ModelSerializer):
    """A payout."""

    id = serializers.UUIDField(source="public_id")
    amount = serializers.SerializerMethodField()

    class Meta:
        model = Payout
        fields = (
            "id", "payout_id", "amount", "currency", "arrival_date", "status", "automatic", "reconciliation_status",
            "statement_descriptor", "items_complete", "items_difference", "failure_message",
        )  # fmt: skip
        read_only_fields = fields

    def get_amount(self, row: Payout) -> str:
        """Return the amount with the currency's own digits."""
        return str(quantized(row.amount, row.currency))


class PayoutDetailOutput(PayoutOutput):
    """A payout with what it holds."""

    items = PayoutItemOutput(many=True)

    class Meta(PayoutOutput.Meta):
        fields = (*PayoutOutput.Meta.fields, "items")
        read_only_fields = fields
