"""Proposals, decisions and matches for Payymo's staff: to look at; deciding is done in the review."""

from payymo.shared.admin import ReadOnlyAdmin


class ProposalAdmin(ReadOnlyAdmin):
    """Suggestions."""

    list_display = ("public_id", "band", "probability", "status", "amount", "currency", "created_at", "engine_version")
    list_filter = ("status", "band")
    search_fields = ("public_id", "client__company_name", "client__last_name")
    list_select_related = ("client",)


class DecisionAdmin(ReadOnlyAdmin):
    """What was decided, and by whom."""

    list_display = ("public_id", "kind", "source", "decided_by_name", "decided_at", "reason")
    list_filter = ("kind", "source")
    search_fields = ("public_id", "decided_by_name")


class AllocationAdmin(ReadOnlyAdmin):
    """Matches."""

    list_display = ("public_id", "invoice", "amount", "currency", "allocated_at", "posting")
    search_fields = ("public_id", "invoice__number")
    list_select_related = ("invoice", "posting")


class SettlementAdmin(ReadOnlyAdmin):
    """Payouts found on the bank account."""

    list_display = ("payout", "bank_transaction", "amount", "currency", "settled_at")
    list_select_related = ("payout", "bank_transaction")
