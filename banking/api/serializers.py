"""Shapes of the API. No secret and no account number in clear goes out; what comes in is strict."""

from typing import Any

from rest_framework import serializers

from banking.models import BankAccount, BankConnection, BankTransaction, StatementImport
from banking.parsers.registry import FORMATS
from banking.selectors import ConnectionHealth
from banking.services.notes import worded
from payymo.shared.api.queries import PagedQuery
from payymo.shared.api.serializers import OwnDigits, StrictSerializer
from payymo.shared.models import ReceiptState

_HEALTH = ("last_success_at", "last_attempt_at", "next_sync_at", "failures", "last_error_code", "last_error")


def masked(last4: str) -> str:
    """Write an account number as people may see it."""
    return f"•••• {last4}" if last4 else ""


class ProviderOutput(serializers.Serializer[Any]):
    """A bank data provider. `is_ready`: its keys are there, or it needs none; without a bank page a token is pasted."""

    key = serializers.CharField()
    name = serializers.CharField()
    needs_keys = serializers.BooleanField(source="capabilities.needs_keys")
    needs_redirect = serializers.BooleanField(source="capabilities.needs_redirect")
    is_ready = serializers.BooleanField()


class ProviderListOutput(serializers.Serializer[Any]):
    """The providers, all on one page."""

    results = ProviderOutput(many=True)


class InstitutionFilter(StrictSerializer):
    """Which banks to list; without a provider, those of the one in use."""

    country = serializers.CharField(max_length=2, min_length=2)
    provider = serializers.CharField(max_length=20, required=False, default="")
    q = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)


class InstitutionOutput(serializers.Serializer[Any]):
    """A bank that can be connected."""

    id = serializers.CharField()
    name = serializers.CharField()
    bic = serializers.CharField()
    logo = serializers.CharField()
    countries = serializers.ListField(child=serializers.CharField())
    history_days = serializers.IntegerField()
    access_days = serializers.IntegerField()


class InstitutionListOutput(serializers.Serializer[Any]):
    """The banks of a country, all on one page."""

    results = InstitutionOutput(many=True)


class ConnectInput(StrictSerializer):
    """What starts a consent: the bank, or the token of a provider without bank pages."""

    provider = serializers.CharField(max_length=20, required=False, default="")
    institution_id = serializers.CharField(max_length=120, required=False, default="")
    setup_token = serializers.CharField(max_length=2000, required=False, default="", write_only=True)


class RenewInput(StrictSerializer):
    """What a renewal takes: a new token at a provider without bank pages, nothing elsewhere."""

    setup_token = serializers.CharField(max_length=2000, required=False, default="", write_only=True)


class ResemblanceOutput(serializers.Serializer[Any]):
    """A known account that a held one may be: of `compared` entries `shared` agree."""

    account = serializers.UUIDField()
    shared = serializers.IntegerField()
    compared = serializers.IntegerField()
    likely = serializers.BooleanField()


class AccountOutput(serializers.ModelSerializer[BankAccount]):
    """A bank account. While it is held (`held_at`) it may be one of those that it `resembles`; `same_as` is which."""

    id = serializers.UUIDField(source="public_id")
    connection = serializers.UUIDField(source="connection.public_id", default=None, allow_null=True)
    iban = serializers.SerializerMethodField()
    same_as = serializers.UUIDField(source="same_as.public_id", default=None, allow_null=True)
    resembles = ResemblanceOutput(many=True)
    last_error = serializers.CharField(source="error_in_words", read_only=True)

    booked_balance = OwnDigits()

    class Meta:
        model = BankAccount
        fields = (
            *("id", "connection", "iban", "name", "owner_name", "currency", "booked_balance", "booked_balance_at"),
            *("cursor_date", "is_paused", "held_at", "resembles", "same_as", *_HEALTH, "created_at"),
        )
        read_only_fields = fields

    def get_iban(self, account: BankAccount) -> str:
        """Show how the number ends."""
        return masked(account.iban_last4)


class ConnectionOutput(serializers.Serializer[ConnectionHealth]):
    """A connection with its accounts, the calls left today and the end of its consent."""

    id = serializers.UUIDField(source="connection.public_id")
    provider = serializers.CharField(source="connection.provider")
    institution_id = serializers.CharField(source="connection.institution_id")
    institution_name = serializers.CharField(source="connection.institution_name")
    country = serializers.CharField(source="connection.country")
    state = serializers.ChoiceField(choices=BankConnection.State.choices, source="connection.state")
    consent_ends_at = serializers.DateTimeField(source="connection.consent_ends_at")
    consent_days_left = serializers.IntegerField(source="days_left")
    last_success_at = serializers.DateTimeField(source="connection.last_success_at")
    last_error_code = serializers.CharField(source="connection.last_error_code")
    last_error = serializers.CharField(source="connection.error_in_words")
    created_at = serializers.DateTimeField(source="connection.created_at")
    accounts = serializers.SerializerMethodField()

    def get_accounts(self, health: ConnectionHealth) -> list[dict[str, Any]]:
        """Show each account with its calls."""
        return [
            {
                "id": str(one.account.public_id),
                "iban": masked(one.account.iban_last4),
                "name": one.account.name,
                "currency": one.account.currency,
                "held_at": one.account.held_at,
                "same_as": str(one.account.same_as.public_id) if one.account.same_as else None,
                "calls_left": one.calls_left,
                "calls_limit": one.calls_limit,
                "calls_reset_at": one.calls_reset_at,
                "next_sync_at": one.account.next_sync_at,
                "last_success_at": one.account.last_success_at,
                "last_error": one.account.error_in_words,
            }
            for one in health.accounts
        ]


class ConnectionListOutput(serializers.Serializer[Any]):
    """The connections, all on one page."""

    results = ConnectionOutput(many=True)


class StartedOutput(serializers.ModelSerializer[BankConnection]):
    """A consent that waits for its user at `link`; without one it is done, or goes on by itself."""

    id = serializers.UUIDField(source="public_id")
    link = serializers.CharField(source="consent_link")

    class Meta:
        model = BankConnection
        fields = (
            "id",
            "provider",
            "institution_id",
            "institution_name",
            "state",
            "link",
            "callback_until",
            "history_days",
            "access_days",
        )
        read_only_fields = fields


class TransactionFilterInput(PagedQuery):
    """What a list of transactions is narrowed to."""

    q = serializers.CharField(max_length=100, required=False, default="", allow_blank=True)
    state = serializers.ChoiceField(choices=ReceiptState.choices, required=False, default="")
    account = serializers.UUIDField(required=False, default=None)
    since = serializers.DateField(required=False, default=None)
    until = serializers.DateField(required=False, default=None)
    amount_from = serializers.DecimalField(max_digits=15, decimal_places=3, required=False, default=None)
    amount_until = serializers.DecimalField(max_digits=15, decimal_places=3, required=False, default=None)
    direction = serializers.ChoiceField(choices=["in", "out"], required=False, default="")


class TransactionOutput(serializers.ModelSerializer[BankTransaction]):
    """A booked entry."""

    id = serializers.UUIDField(source="public_id")
    account = serializers.UUIDField(source="account.public_id")
    source = serializers.SerializerMethodField()
    counterparty_iban = serializers.SerializerMethodField()
    amount = OwnDigits()
    allocated = OwnDigits()
    unallocated = OwnDigits()
    original_amount = OwnDigits(currency="original_currency")

    class Meta:
        model = BankTransaction
        fields = (
            *("id", "account", "source", "booking_date", "value_date", "amount", "currency", "counterparty_name"),
            *("counterparty_iban", "remittance_information", "structured_reference", "end_to_end_id"),
            *("bank_reference", "bank_transaction_code", "original_amount", "original_currency", "state"),
            *("allocated", "unallocated", "ignored_reason", "held_until", "created_at"),
        )
        read_only_fields = fields

    def get_source(self, row: BankTransaction) -> str:
        """Name the way it came."""
        return row.statement_import.format if row.statement_import else "bank"

    def get_counterparty_iban(self, row: BankTransaction) -> str:
        """Show how the number ends."""
        return masked(row.counterparty_last4)


class ImportInput(StrictSerializer):
    """An uploaded statement file."""

    file = serializers.FileField(max_length=200)
    account = serializers.UUIDField(required=False, default=None)
    format = serializers.ChoiceField(choices=FORMATS, required=False, default="")
    currency = serializers.RegexField(r"^[A-Za-z]{3}$", required=False, default="")


class ImportQuery(StrictSerializer):
    """Whether to read the file only."""

    dry_run = serializers.ChoiceField(choices=["0", "1"], required=False, default="0")


class MappingInput(StrictSerializer):
    """The columns of a CSV file."""

    mapping = serializers.DictField()


class CommitInput(StrictSerializer):
    """What a person accepts along with an import: balances that do not agree; that the account is none known here."""

    accept_unproved = serializers.BooleanField(required=False, default=False)
    accept_new_account = serializers.BooleanField(required=False, default=False)


class NoteOutput(serializers.Serializer[dict[str, Any]]):
    """Why an entry was refused, or what to look at; line 0 is the whole file. `code` is empty where it was kept before
    there were codes; `details` are the values in the sentence.
    """

    line = serializers.IntegerField()
    reason = serializers.SerializerMethodField()
    code = serializers.CharField(default="")
    details = serializers.DictField(default=dict)

    def get_reason(self, note: dict[str, Any]) -> str:
        """Word it in the language of the request."""
        return worded(note)


class ImportOutput(serializers.ModelSerializer[StatementImport]):
    """An upload and what it adds."""

    id = serializers.UUIDField(source="public_id")
    account = serializers.UUIDField(source="account.public_id", default=None, allow_null=True)
    opening = OwnDigits()
    closing = OwnDigits()
    refused = NoteOutput(many=True)
    noted = NoteOutput(many=True)

    class Meta:
        model = StatementImport
        fields = (
            *("id", "account", "file_name", "format", "state", "mapping", "opening", "closing", "currency", "proved"),
            *("new_count", "known_count", "refused", "noted", "created_at", "committed_at"),
        )
        read_only_fields = fields


class LookedAtOutput(ImportOutput):
    """A file that was only read."""

    id = None

    class Meta(ImportOutput.Meta):
        fields = tuple(name for name in ImportOutput.Meta.fields if name not in {"id", "created_at", "committed_at"})
        read_only_fields = fields
