"""What the addon module is told and tells."""

from typing import Any

from rest_framework import serializers

from matching import adapters
from matching.models import Proposal
from matching.module_selectors import Total
from payymo.dashboard.api.addresses import whole
from payymo.dashboard.links import link
from payymo.dashboard.presenters import candidates, receipts
from payymo.shared.api.serializers import OwnDigits, StrictSerializer
from payymo.shared.money import quantized
from whmcs.models import Invoice, Posting

_MOST_REASONS = 8
_VERSION = r"^[0-9A-Za-z.+~_-]{1,20}$"


class ModuleStateInput(StrictSerializer):
    """What the module says of itself with each run of the cron job."""

    version = serializers.RegexField(_VERSION)
    php_version = serializers.RegexField(_VERSION)
    queued_events = serializers.IntegerField(min_value=0, max_value=1_000_000)
    books_payments = serializers.BooleanField(help_text="whether payments may be posted through the module")


class ApproveInput(StrictSerializer):
    """Which administrator of WHMCS decides; kept with the decision beside the member who paired the module."""

    admin_id = serializers.IntegerField(min_value=1, max_value=2**31)


class TurnDownInput(ApproveInput):
    """The same, and why, if the administrator says so."""

    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class LicenceOutput(serializers.Serializer[Any]):
    """How the company stands with its licence; `problem` is for people."""

    state = serializers.CharField()
    problem = serializers.CharField()


class ModuleConfigOutput(serializers.Serializer[Any]):
    """What the module needs to know of Payymo."""

    installation = serializers.CharField(help_text="how this WHMCS is named in Payymo")
    state = serializers.CharField(help_text="ACTIVE while Payymo can read this WHMCS over its API")
    problem = serializers.CharField(help_text="why it cannot, for people")
    posts_through_module = serializers.BooleanField()
    licence = LicenceOutput()
    review_url = serializers.CharField()
    connections_url = serializers.CharField()


class TotalOutput(serializers.Serializer[Total]):
    """So many, together so much, in one currency."""

    currency = serializers.CharField()
    amount = OwnDigits()
    count = serializers.IntegerField()


class FeedOutput(serializers.Serializer[Any]):
    """One source of payments or invoices and how it is; `tone` is ok, info, warn or bad."""

    kind = serializers.CharField()
    name = serializers.CharField()
    tone = serializers.CharField(source="chip.tone")
    text = serializers.CharField(source="chip.text")
    last_success_at = serializers.DateTimeField(source="last_success.at", default=None, allow_null=True)
    detail = serializers.CharField(allow_null=True)


class ModuleSummaryOutput(serializers.Serializer[Any]):
    """An installation at a glance; `posted_this_month` in the company's own time zone."""

    open_suggestions = serializers.IntegerField()
    posted_this_month = TotalOutput(source="posted", many=True)
    postings_waiting = serializers.IntegerField()
    postings_stopped = serializers.IntegerField()
    feeds = FeedOutput(many=True)
    review_url = serializers.CharField()
    postings_url = serializers.CharField()


class ReasonOutput(serializers.Serializer[Any]):
    """A piece of evidence in words; `agrees` is yes, part or no."""

    agrees = serializers.CharField(source="mark")
    title = serializers.CharField()
    text = serializers.CharField()


class SuggestedLineOutput(serializers.Serializer[Any]):
    """An invoice that the payment would settle, and how much it would get."""

    invoice_id = serializers.IntegerField(source="invoice.whmcs_id")
    number = serializers.CharField(source="invoice.display_number")
    amount = OwnDigits(currency="invoice.currency")
    currency = serializers.CharField(source="invoice.currency")


class SuggestionOutput(serializers.ModelSerializer[Proposal]):
    """A payment that may be for an invoice."""

    id = serializers.UUIDField(source="public_id")
    amount = OwnDigits()
    payer = serializers.SerializerMethodField()
    day = serializers.SerializerMethodField()
    reference = serializers.SerializerMethodField()
    lines = SuggestedLineOutput(many=True)
    reasons = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Proposal
        fields = (
            *("id", "rank", "band", "probability", "is_tie", "amount", "currency", "payer", "day", "reference"),
            *("lines", "reasons", "url"),
        )
        read_only_fields = fields

    def get_payer(self, row: Proposal) -> str:
        """Return the payer's name as the provider gave it."""
        return receipts.name_of(_receipt(row))

    def get_day(self, row: Proposal) -> str:
        """Return the day it was booked or charged."""
        return receipts.day_of(_receipt(row)).isoformat()

    def get_reference(self, row: Proposal) -> str:
        """Return the beginning of the text that came with it."""
        return receipts.reference_of(_receipt(row))[:200]

    def get_reasons(self, row: Proposal) -> list[dict[str, str]]:
        """Return the strongest reasons, in the language asked for."""
        kept = [adapters.reason_from_json(each) for each in (*row.reasons, *row.why_not)]
        lines = candidates.reason_lines(kept)[:_MOST_REASONS]
        return [dict(ReasonOutput(line).data) for line in lines]

    def get_url(self, row: Proposal) -> str:
        """Return where it is reviewed."""
        return whole(self.context, link("review_item", _receipt(row).public_id))


class InvoicePostingOutput(serializers.ModelSerializer[Posting]):
    """What Payymo posts, or posted, to an invoice."""

    amount = OwnDigits()
    state_text = serializers.CharField(source="get_state_display")
    last_error = serializers.CharField(source="error_in_words", read_only=True)

    class Meta:
        model = Posting
        fields = ("state", "state_text", "amount", "currency", "transaction_id", "posted_at", "last_error")
        read_only_fields = fields


class PanelInvoiceOutput(serializers.Serializer[Any]):
    """What may be known of an invoice beside its page in WHMCS."""

    invoice_id = serializers.IntegerField(source="invoice.whmcs_id")
    outstanding = serializers.SerializerMethodField()
    currency = serializers.CharField(source="invoice.currency")
    suggestions = SuggestionOutput(many=True)
    postings = InvoicePostingOutput(many=True)
    url = serializers.SerializerMethodField()

    def get_outstanding(self, panel: dict[str, Any]) -> str:
        """Return what is left to pay once all that is on its way has arrived."""
        invoice: Invoice = panel["invoice"]
        return str(quantized(invoice.owed, invoice.currency))

    def get_url(self, panel: dict[str, Any]) -> str:
        """Return its page in Payymo."""
        return whole(self.context, link("invoice", panel["invoice"].public_id))


class PanelClientOutput(serializers.Serializer[Any]):
    """What may be known of a client beside its page in WHMCS."""

    client_id = serializers.IntegerField(source="client.whmcs_id")
    owed = TotalOutput(many=True)
    suggestions = SuggestionOutput(many=True)
    url = serializers.SerializerMethodField()

    def get_url(self, panel: dict[str, Any]) -> str:
        """Return its open invoices in Payymo."""
        return whole(self.context, f"{link('invoices')}?status=open&q={panel['client'].whmcs_id}")


def _receipt(row: Proposal) -> Any:
    return row.bank_transaction or row.stripe_payment
