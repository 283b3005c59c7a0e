"""Proposals, decisions and matches for Payymo's staff: to look at; deciding is done in the review."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from matching.models import EngineModel, Proposal
from matching.services import engine_models
from payymo.shared.admin import ReadOnlyAdmin
from payymo.shared.errors import DomainError
from tenants import days


class ProposalAdmin(ReadOnlyAdmin):
    """Suggestions."""

    list_display = ("public_id", "band", "score", "status", "amount", "currency", "source", "age", "assignee")
    list_filter = ("status", "band")
    search_fields = ("public_id", "client__company_name", "client__last_name")
    list_select_related = ("client", "bank_transaction__assignment", "stripe_payment__assignment")

    @admin.display(description=_("score"), ordering="probability")
    def score(self, proposal: Proposal) -> str:
        """Show the probability as the review does."""
        return number_format(proposal.probability, decimal_pos=2)

    @admin.display(description=_("source"))
    def source(self, proposal: Proposal) -> str:
        """Say what the money came by."""
        return gettext("Bank") if proposal.bank_transaction_id else gettext("Card")

    @admin.display(description=_("age"), ordering="-received_date")
    def age(self, proposal: Proposal) -> str:
        """Say how long ago the money came."""
        today, came = days.today(timezone.now()), proposal.received_date
        if came is None:
            return "–"
        return timesince(came, today, depth=1) if came < today else gettext("today")

    @admin.display(description=_("assigned to"))
    def assignee(self, proposal: Proposal) -> str:
        """Name who looks after the payment."""
        receipt = proposal.bank_transaction or proposal.stripe_payment
        return receipt.assignment.assignee_name if hasattr(receipt, "assignment") else "–"


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


class EngineModelAdmin(ReadOnlyAdmin):
    """Versions of what the engine learned; one that is not refused can be put to use."""

    list_display = ("version", "state", "reason", "decisions", "trained_at", "used_since", "chosen_by_name")
    list_filter = ("state",)
    exclude = ("added", "curves", "reason_said")
    actions = ("use_version",)

    @admin.action(description=_("Use this version from now on"))
    def use_version(self, request: HttpRequest, chosen: QuerySet[EngineModel]) -> None:
        """Let the one chosen version judge, as its tenant's administrator could."""
        numbers = list(chosen.values_list("number", flat=True)[:2])
        if len(numbers) != 1:
            self.message_user(request, gettext("Choose exactly one version."), messages.ERROR)
            return
        try:
            row = engine_models.use(number=numbers[0], by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except DomainError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, gettext("Version %s judges from now on.") % row.version, messages.SUCCESS)

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer it while the tenant lets staff decide for it."""
        return super().get_actions(request) if "review.decide" in request.permissions else {}  # type: ignore[attr-defined]


class AutomationStopAdmin(ReadOnlyAdmin):
    """When automatic approval was stopped, and who resumed it."""

    list_display = ("raised_at", "state", "corrected", "approved", "engine_version", "resumed_by_name", "resumed_at")
    list_filter = ("state",)
