"""Shapes of the API: what goes out never holds a secret, and what comes in is strict."""

from typing import Any

from rest_framework import serializers

from payymo.shared.api.queries import PagedQuery
from payymo.shared.api.serializers import OwnDigits, StrictSerializer
from payymo.shared.money import quantized
from whmcs.models import Client, Invoice, InvoiceLine, Posting, PostingTransition, WhmcsInstance, WhmcsTransaction


class FoundOutput(serializers.Serializer[Any]):
    """What the last test of a connection found; empty for one that was never tested since."""

    currencies = serializers.ListField(child=serializers.CharField(), default=list)
    payment_methods = serializers.ListField(child=serializers.ListField(child=serializers.CharField()), default=list)
    date_format = serializers.CharField(default="")


class InstanceOutput(serializers.ModelSerializer[WhmcsInstance]):
    """A connected installation and its health."""

    id = serializers.UUIDField(source="public_id")
    secret = serializers.SerializerMethodField()
    found = FoundOutput()
    last_error = serializers.CharField(source="error_in_words", read_only=True)

    class Meta:
        model = WhmcsInstance
        fields = (
            *("id", "name", "base_url", "state", "is_paused", "version", "default_currency", "bank_gateway"),
            *("stripe_gateway", "clock_offset_seconds", "found", "guard_days"),
            *("sends_payment_emails", "secret", "last_success_at", "last_attempt_at", "next_sync_at", "failures"),
            *("last_error_code", "last_error", "created_at"),
        )
        read_only_fields = fields

    def get_secret(self, instance: WhmcsInstance) -> dict[str, Any]:
        """Say that there is one and how it ends."""
        return {"is_set": bool(instance.secret_sealed), "last4": instance.secret_last4}


class InstanceInput(StrictSerializer):
    """What connects an installation."""

    name = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    base_url = serializers.CharField(max_length=300)
    identifier = serializers.CharField(max_length=256)
    secret = serializers.CharField(max_length=256)
    access_key = serializers.CharField(max_length=256, required=False, default="", allow_blank=True)
    bank_gateway = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    stripe_gateway = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    sends_payment_emails = serializers.BooleanField(required=False, default=True)


class GuardInput(StrictSerializer):
    """For how many days a payment that waits in Payymo holds mails and suspensions; 0 holds nobody."""

    guard_days = serializers.IntegerField(min_value=0, max_value=14)


class RetryInput(StrictSerializer):
    """What a person accepts along with a retry."""

    accepts_overpayment = serializers.BooleanField(required=False, default=False)


class ClientOutput(serializers.ModelSerializer[Client]):
    """A client of WHMCS."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField(source="display_name")

    class Meta:
        model = Client
        fields = (
            *("id", "whmcs_id", "name", "first_name", "last_name", "company_name", "email", "country", "status"),
            "synced_at",
        )
        read_only_fields = fields


class InvoiceOutput(serializers.ModelSerializer[Invoice]):
    """An invoice in a list."""

    id = serializers.UUIDField(source="public_id")
    number = serializers.CharField(source="display_number")
    client = ClientOutput()
    total = OwnDigits()
    credit = OwnDigits()
    balance = OwnDigits()
    reserved = OwnDigits()
    outstanding = OwnDigits(of="owed")
    whmcs_instance = serializers.UUIDField(source="instance.public_id")

    class Meta:
        model = Invoice
        fields = (
            *(
                "id",
                "whmcs_id",
                "number",
                "other_numbers",
                "whmcs_instance",
                "client",
                "status",
                "currency",
                "total",
                "credit",
                "balance",
            ),
            *("reserved", "outstanding", "issue_date", "due_date", "paid_at", "payment_method", "is_mass_payment"),
            "synced_at",
        )
        read_only_fields = fields


class LineOutput(serializers.ModelSerializer[InvoiceLine]):
    """A line of an invoice."""

    amount = OwnDigits(currency="invoice.currency")

    class Meta:
        model = InvoiceLine
        fields = ("whmcs_id", "kind", "description", "amount")
        read_only_fields = fields


class BookingOutput(serializers.ModelSerializer[WhmcsTransaction]):
    """What WHMCS has booked on an invoice."""

    amount_in = OwnDigits(currency="invoice.currency")
    fees = OwnDigits(currency="invoice.currency")
    amount_out = OwnDigits(currency="invoice.currency")
    is_money = serializers.BooleanField()

    class Meta:
        model = WhmcsTransaction
        fields = ("whmcs_id", "gateway", "booked_at", "amount_in", "fees", "amount_out", "transaction_id", "is_money")
        read_only_fields = fields


class MoveOutput(serializers.ModelSerializer[PostingTransition]):
    """One move of a posting."""

    class Meta:
        model = PostingTransition
        fields = ("sequence", "from_state", "to_state", "reason", "moved_at")
        read_only_fields = fields


class PostingOutput(serializers.ModelSerializer[Posting]):
    """A posting in a list."""

    id = serializers.UUIDField(source="public_id")
    invoice = serializers.UUIDField(source="invoice.public_id")
    invoice_number = serializers.CharField(source="invoice.display_number")
    client = serializers.CharField(source="invoice.client.display_name")
    amount = OwnDigits()
    whmcs_transaction = serializers.IntegerField(source="whmcs_transaction.whmcs_id", default=None)
    last_error = serializers.CharField(source="error_in_words", read_only=True)

    class Meta:
        model = Posting
        fields = (
            *("id", "kind", "state", "invoice", "invoice_number", "client", "amount", "currency", "gateway", "paid_at"),
            *("transaction_id", "whmcs_transaction", "attempts", "not_before", "posted_at", "last_error", "created_at"),
        )
        read_only_fields = fields


class PostingDetailOutput(PostingOutput):
    """A posting with every move it made."""

    moves = MoveOutput(source="transitions", many=True)

    class Meta(PostingOutput.Meta):
        fields = (*PostingOutput.Meta.fields, "moves")
        read_only_fields = fields


class InvoiceDetailOutput(InvoiceOutput):
    """An invoice with lines, WHMCS's bookings and what Payymo posts to it."""

    lines = LineOutput(many=True)
    bookings = BookingOutput(source="transactions", many=True)
    postings = serializers.SerializerMethodField()

    class Meta(InvoiceOutput.Meta):
        fields = (*InvoiceOutput.Meta.fields, "lines", "bookings", "postings")
        read_only_fields = fields

    def get_postings(self, invoice: Invoice) -> list[dict[str, Any]]:
        """List the postings by their essentials; `postings/{id}/` has the rest."""
        return [
            {
                "id": str(posting.public_id),
                "state": posting.state,
                "amount": str(quantized(posting.amount, posting.currency)),
                "transaction_id": posting.transaction_id,
                "posted_at": posting.posted_at,
            }
            for posting in invoice.postings.all()
        ]


class ClientFilter(PagedQuery):
    """Query of the list of clients."""

    q = serializers.CharField(max_length=100, required=False, default="")


class InvoiceFilter(ClientFilter):
    """Query of the list of invoices; `status` is a status of WHMCS or `open`."""

    status = serializers.ChoiceField(choices=["open", *Invoice.Status.values], required=False, default="")
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False, default="")


class PostingFilter(PagedQuery):
    """Query of the list of postings."""

    state = serializers.MultipleChoiceField(choices=Posting.State.choices, required=False, default=set)
