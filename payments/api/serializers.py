"""What the Stripe part of the API says and accepts."""

from rest_framework import serializers

from payments.adapters import equation_of
from payments.models import BalanceTransaction, Payout, StripeConnection, StripePayment
from payymo.shared.api.queries import PagedQuery
from payymo.shared.api.serializers import OwnDigits, StrictSerializer
from payymo.shared.models import ReceiptState
from payymo.shared.money import quantized


class StripeConnectionOutput(serializers.ModelSerializer):
    """A connected account; secrets are only said to be set."""

    id = serializers.UUIDField(source="public_id")
    has_webhook_secret = serializers.SerializerMethodField()
    first_sync_done = serializers.SerializerMethodField()

    class Meta:
        model = StripeConnection
        fields = (
            "id", "account_id", "account_name", "kind", "livemode", "default_currency", "state", "key_last4",
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
