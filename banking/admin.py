"""Banks for Payymo's staff: to look at, never to edit. The staff site registers the classes.

No account number in clear, no payload, no key.
"""

from payymo.shared.admin import ReadOnlyAdmin


class BankConnectionAdmin(ReadOnlyAdmin):
    """Consents and their health."""

    list_display = ("institution_name", "country", "state", "consent_ends_at", "last_success_at", "last_error_code")
    list_filter = ("state",)
    fields = (
        *(
            "public_id",
            "provider",
            "institution_id",
            "institution_name",
            "country",
            "state",
            "history_days",
            "access_days",
        ),
        *("consent_ends_at", "renews", "last_attempt_at", "last_success_at", "failures", "last_error_code"),
        *("last_error", "created_at"),
    )


class BankAccountAdmin(ReadOnlyAdmin):
    """Accounts, by the end of their number."""

    list_display = ("public_id", "iban_last4", "currency", "connection", "cursor_date", "last_success_at", "failures")
    list_filter = ("currency", "is_paused")
    list_select_related = ("connection",)
    fields = (
        *("public_id", "connection", "iban_last4", "name", "currency", "booked_balance", "booked_balance_at"),
        *("cursor_date", "is_paused", "next_sync_at", "last_attempt_at", "last_success_at", "failures"),
        *("last_error_code", "last_error", "held_at", "same_as", "told_apart_at"),
    )


class RawFetchAdmin(ReadOnlyAdmin):
    """When something was fetched, and what of it could not be read."""

    list_display = ("public_id", "account", "fetched_at", "complete_from", "complete_until", "processed_at")
    list_select_related = ("account",)
    fields = (
        "public_id",
        "account",
        "fetched_at",
        "complete_from",
        "complete_until",
        "processed_at",
        "refused",
        "noted",
    )


class StatementImportAdmin(ReadOnlyAdmin):
    """Uploaded files, without their content."""

    list_display = ("public_id", "account", "format", "state", "proved", "new_count", "known_count", "committed_at")
    list_filter = ("state", "format")
    list_select_related = ("account",)
    fields = (
        *("public_id", "account", "file_sha256", "format", "state", "opening", "closing", "currency", "proved"),
        *("new_count", "known_count", "refused", "noted", "created_at", "committed_at"),
    )


class BankTransactionAdmin(ReadOnlyAdmin):
    """Booked entries."""

    list_display = ("public_id", "account", "booking_date", "amount", "currency", "state", "allocated")
    list_filter = ("state", "currency")
    list_select_related = ("account",)
    date_hierarchy = "booking_date"
    search_fields = ("=public_id", "=bank_reference", "=end_to_end_id")
    exclude = ("id", "raw_sealed", "counterparty_iban_sealed", "counterparty_hash", "fingerprint", "identity")
