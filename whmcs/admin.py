"""The mirror and the outbox for Payymo's staff: to look at, never to edit. The staff site registers the classes."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from payymo.shared.admin import ReadOnlyAdmin
from whmcs.models import Client


class WhmcsInstanceAdmin(ReadOnlyAdmin):
    """Installations and their health, without credentials."""

    list_display = ("name", "base_url", "state", "version", "last_success_at", "failures", "last_error_code")
    list_filter = ("state",)
    fields = (
        *("public_id", "name", "base_url", "state", "version", "default_currency", "bank_gateway", "stripe_gateway"),
        *("sends_payment_emails", "clock_offset_seconds", "highest_invoice_id", "full_sweep_at", "sweep_position"),
        *("next_sync_at", "last_attempt_at", "last_success_at", "failures", "last_error_code", "last_error"),
    )


class ClientAdmin(ReadOnlyAdmin):
    """Clients."""

    list_display = ("whmcs_id", "shown_name", "status", "synced_at")
    search_fields = ("=whmcs_id", "company_name", "last_name", "email")
    exclude = ("id",)

    @admin.display(description=_("name"))
    def shown_name(self, client: Client) -> str:
        """Show company or person."""
        return client.display_name


class InvoiceAdmin(ReadOnlyAdmin):
    """Invoices as last read."""

    list_display = ("whmcs_id", "number", "status", "currency", "total", "balance", "reserved", "due_date", "synced_at")
    list_filter = ("status", "currency")
    search_fields = ("=whmcs_id", "number")
    list_select_related = ("client",)


class PostingAdmin(ReadOnlyAdmin):
    """Postings and their state."""

    list_display = ("public_id", "kind", "state", "amount", "currency", "attempts", "not_before", "posted_at")
    list_filter = ("state", "kind")
    exclude = ("last_error_said",)
    search_fields = ("=public_id", "=transaction_id", "=invoice__whmcs_id")
    list_select_related = ("invoice",)


class PostingTransitionAdmin(ReadOnlyAdmin):
    """Every move of every posting."""

    list_display = ("posting_id", "sequence", "from_state", "to_state", "reason", "moved_at")
    list_filter = ("to_state",)
    search_fields = ("=posting__public_id",)


class WhmcsTransactionAdmin(ReadOnlyAdmin):
    """What WHMCS has booked."""

    list_display = ("whmcs_id", "transaction_id", "gateway", "amount_in", "amount_out", "booked_at")
    search_fields = ("=whmcs_id", "=transaction_id")
