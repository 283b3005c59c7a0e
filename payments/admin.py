"""Stripe's records for Payymo's staff: to look at, never to edit."""

from payymo.shared.admin import ReadOnlyAdmin


class StripeConnectionAdmin(ReadOnlyAdmin):
    """Accounts and their health, without keys."""

    list_display = ("account_id", "account_name", "kind", "livemode", "state", "last_success_at", "failures")
    list_filter = ("state", "livemode")
    fields = (
        "public_id", "account_id", "account_name", "kind", "livemode", "state", "default_currency", "key_last4",
        "synced_until", "next_sync_at", "last_attempt_at", "last_success_at", "failures", "last_error",
    )  # fmt: skip


class StripePaymentAdmin(ReadOnlyAdmin):
    """Charges."""

    list_display = ("charge_id", "charged_at", "amount", "currency", "state", "allocated", "name")
    list_filter = ("state", "currency")
    search_fields = ("charge_id", "payment_intent_id", "email", "name")
    list_select_related = ("connection",)
    exclude = ("raw_sealed",)


class PayoutAdmin(ReadOnlyAdmin):
    """Payouts."""

    list_display = ("payout_id", "arrival_date", "amount", "currency", "status", "items_complete", "items_difference")
    list_filter = ("status", "currency")
    search_fields = ("payout_id",)


class WebhookEventAdmin(ReadOnlyAdmin):
    """Events and how far they are."""

    list_display = ("event_id", "kind", "received_at", "processed_at", "attempts", "last_error")
    list_filter = ("kind",)
    search_fields = ("event_id", "object_id")
    exclude = ("payload_sealed",)
