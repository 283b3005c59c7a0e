"""Bank connections, accounts and what they show. Tenant schema."""

from decimal import Decimal

from django.contrib.contenttypes.fields import GenericRelation
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from payymo.shared import figures
from payymo.shared.models import ConnectionHealth, ReceiptState, Record
from payymo.shared.money import CurrencyField, MoneyField


class BankProvider(models.TextChoices):
    """Where a connection's data comes from; open to new users first."""

    ENABLE_BANKING = "enable_banking", _("Enable Banking")
    GOCARDLESS = "gocardless_bad", _("GoCardless Bank Account Data")
    SIMPLEFIN = "simplefin", _("SimpleFIN Bridge")


class ProviderKey(Record):
    """The tenant's own keys at a bank data provider, and the short token made from them, shared by every worker.

    Of GoCardless the secret id and key; of Enable Banking the application id and its private key, without a token.
    """

    provider = models.CharField(max_length=20, choices=BankProvider, unique=True)
    secret_id_sealed = models.BinaryField()
    secret_key_sealed = models.BinaryField()
    access_sealed = models.BinaryField(default=b"", blank=True)
    access_expires_at = models.DateTimeField(null=True, blank=True)
    refresh_sealed = models.BinaryField(default=b"", blank=True)
    refresh_expires_at = models.DateTimeField(null=True, blank=True)


class BankConnection(ConnectionHealth, Record):
    """One consent at one bank. A renewed consent is a new row that takes over the accounts."""

    class State(models.TextChoices):
        """Only LINKED is fetched from."""

        PENDING = "PENDING", _("Waiting for your consent")
        LINKED = "LINKED", _("Connected")
        EXPIRED = "EXPIRED", _("Consent ended")
        SUSPENDED = "SUSPENDED", _("Suspended by the provider")
        FAILED = "FAILED", _("Not finished")
        REVOKED = "REVOKED", _("Removed")

    provider = models.CharField(max_length=20, choices=BankProvider, default=BankProvider.GOCARDLESS)
    credential_sealed = models.BinaryField(
        default=b"", blank=True, help_text="what opens this one consent, or what came back and is still to be exchanged"
    )
    institution_id = models.CharField(max_length=120)
    institution_name = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    consent_id = models.CharField(max_length=64, blank=True, help_text="the provider's id of the consent")
    attempt_id = models.CharField(max_length=64, blank=True, help_text="its id of the agreement or of the attempt")
    consent_link = models.URLField(max_length=2000, blank=True)
    callback_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the one-time callback reference")
    callback_until = models.DateTimeField(null=True, blank=True)
    started_by_id = models.BigIntegerField(null=True, blank=True, help_text="user who must come back")
    history_days = models.PositiveIntegerField(default=90)
    access_days = models.PositiveIntegerField(default=90, help_text=_("how long the consent lasts once it is given"))
    consent_ends_at = models.DateTimeField(null=True, blank=True)
    warned_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="the last warning of its end that was sent: 30, 14, 7 or 1 days before"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="the tenant wants its data erased")
    data_erased_at = models.DateTimeField(null=True, blank=True)
    renews = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="renewed_by")

    @property
    def called(self) -> str:
        """The bank."""
        return self.institution_name or self.institution_id


class BankAccount(ConnectionHealth, Record):
    """A bank account, known by its IBAN and currency whatever the provider calls it today."""

    connection = models.ForeignKey(
        BankConnection, on_delete=models.SET_NULL, null=True, blank=True, related_name="accounts"
    )
    stable_key = models.CharField(max_length=80, unique=True, help_text="keyed hash of IBAN (or other id) + currency")
    provider_account_id = models.CharField(max_length=200, blank=True, db_index=True)
    iban_sealed = models.BinaryField(default=b"", blank=True)
    iban_hash = models.CharField(max_length=64, blank=True, db_index=True)
    iban_last4 = models.CharField(max_length=4, blank=True)
    name = models.CharField(max_length=140, blank=True)
    owner_name = models.CharField(max_length=140, blank=True)
    currency = CurrencyField()
    booked_balance = MoneyField(null=True, blank=True)
    booked_balance_at = models.DateTimeField(null=True, blank=True)
    cursor_date = models.DateField(null=True, blank=True, help_text=_("every booking day before it is complete"))
    is_paused = models.BooleanField(default=False)
    held_at = models.DateTimeField(
        null=True, blank=True, help_text=_("nothing of it is imported until a person says whether it is known already")
    )
    resembles = models.JSONField(default=list, help_text="the accounts it may be, with how many entries agree")
    same_as = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="joined",
        help_text=_("the account that this one is by another name: its entries are stored there"),
    )  # fmt: skip
    told_apart_at = models.DateTimeField(null=True, blank=True, help_text=_("when a person said that it is no other"))
    fetch_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="a person wants it fetched now: the call kept back for that may be used"
    )
    # Deleted with the account, so that no grant is left that could pass to another row.
    grants = GenericRelation(
        "guardian.UserObjectPermission", content_type_field="content_type", object_id_field="object_pk"
    )

    @property
    def called(self) -> str:
        """The end of its number, and its currency."""
        return f"… {self.iban_last4} {self.currency}" if self.iban_last4 else super().called


class AccountQuota(models.Model):
    """Calls left at the bank for one account and scope; counted here, corrected by the provider's headers."""

    account = models.ForeignKey(BankAccount, on_delete=models.CASCADE, related_name="quotas")
    scope = models.CharField(max_length=12, choices=[(s, s) for s in ("details", "balances", "transactions")])
    limit = models.PositiveIntegerField(default=4)
    used = models.PositiveIntegerField(default=0)
    resets_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "scope"], name="one_quota_per_account_and_scope")]

    def __str__(self) -> str:
        """Name the quota."""
        return f"{self.scope} of account {self.account_id}"


class RawFetch(Record):
    """A provider's whole answer, stored before anybody tried to understand it."""

    account = models.ForeignKey(BankAccount, on_delete=models.CASCADE, related_name="raw_fetches")
    provider = models.CharField(max_length=20, choices=BankProvider, default=BankProvider.GOCARDLESS)
    fetched_at = models.DateTimeField()
    complete_from = models.DateField(null=True, blank=True, help_text=_("the first booking day that was asked for"))
    complete_until = models.DateField(null=True, blank=True)
    payload_sealed = models.BinaryField()
    processed_at = models.DateTimeField(null=True, blank=True)
    refused = models.JSONField(default=list, help_text=_("entries that could not be read: position and reason"))
    noted = models.JSONField(default=list, help_text=_("what a person should look at although nothing was refused"))

    class Meta:
        verbose_name_plural = "raw fetches"


class StatementImport(Record):
    """An uploaded statement file: parsed, shown, and only then committed."""

    class State(models.TextChoices):
        """A file is committed or discarded once."""

        NEEDS_MAPPING = "NEEDS_MAPPING", _("Choose the columns")
        READY = "READY", _("Ready to import")
        COMMITTED = "COMMITTED", _("Imported")
        DISCARDED = "DISCARDED", _("Discarded")

    account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="statement_imports"
    )
    archive = models.UUIDField(
        null=True, blank=True, db_index=True, help_text="the same for the files that were uploaded in one ZIP archive"
    )
    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    file_sealed = models.BinaryField()
    format = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=16, choices=State)
    mapping = models.JSONField(null=True, blank=True, help_text="the columns of a CSV file")
    opening = MoneyField(null=True, blank=True)
    closing = MoneyField(null=True, blank=True)
    currency = CurrencyField(blank=True)
    proved = models.BooleanField(
        null=True, help_text=_("opening + entries = closing; empty when the file has no balances")
    )
    spans = models.JSONField(default=list, help_text="first and last day, balances and number of each statement in it")
    new_count = models.PositiveIntegerField(default=0)
    known_count = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list, help_text=_("line and reason of each refused entry"))
    noted = models.JSONField(default=list, help_text=_("line and reason of what to look at; line 0 is the whole file"))
    uploaded_by_id = models.BigIntegerField(null=True, blank=True)
    committed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "file_sha256"], condition=Q(state="COMMITTED"), name="a_file_is_imported_once"
            )
        ]


SEARCHED_TEXTS = (
    "counterparty_name", "remittance_information", "structured_reference", "end_to_end_id", "bank_reference",
)  # fmt: skip


class BankTransaction(Record):
    """A booked entry of a bank account. Facts never change; state and `allocated` do, under a lock."""

    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="transactions")
    identity = models.CharField(max_length=160, help_text="the bank's id, or a fingerprint with its ordinal in the day")
    fingerprint = models.CharField(max_length=64, db_index=True)
    statement_import = models.ForeignKey(
        StatementImport, on_delete=models.PROTECT, null=True, blank=True, related_name="transactions"
    )
    raw_fetch = models.ForeignKey(
        RawFetch, on_delete=models.SET_NULL, null=True, blank=True, related_name="transactions"
    )
    provider = models.CharField(
        max_length=20, choices=BankProvider, blank=True, help_text=_("who delivered it; empty: it came in a file")
    )
    booking_date = models.DateField()
    value_date = models.DateField(null=True, blank=True)
    amount = MoneyField(help_text=_("signed from the account's view: credits positive"))
    currency = CurrencyField()
    counterparty_name = models.CharField(max_length=200, blank=True)
    counterparty_iban_sealed = models.BinaryField(default=b"", blank=True)
    counterparty_hash = models.CharField(max_length=64, blank=True, db_index=True)
    counterparty_last4 = models.CharField(max_length=4, blank=True)
    remittance_information = models.TextField(blank=True)
    structured_reference = models.CharField(max_length=140, blank=True)
    end_to_end_id = models.CharField(max_length=140, blank=True)
    bank_reference = models.CharField(max_length=140, blank=True)
    bank_entry_id = models.CharField(
        max_length=140, blank=True, help_text=_("the id under which the bank lists it by API; banks reuse these")
    )
    bank_transaction_code = models.CharField(max_length=80, blank=True)
    return_sign = models.CharField(
        max_length=4, blank=True, help_text=_("who calls it a return: the bank, or only its text")
    )
    original_amount = MoneyField(null=True, blank=True)
    original_currency = CurrencyField(blank=True)
    raw_sealed = models.BinaryField(default=b"", blank=True)
    state = models.CharField(max_length=16, choices=ReceiptState, default=ReceiptState.UNRECONCILED)
    allocated = MoneyField(default=0, help_text=_("sum of its allocations; never beyond the amount"))
    ignored_reason = models.CharField(max_length=40, blank=True)
    held_until = models.DateField(null=True, blank=True)
    proposed_at = models.DateTimeField(null=True, blank=True, help_text=_("empty: waits for the matching engine"))
    erased_at = models.DateTimeField(null=True, blank=True, help_text=_("when what named a person was erased"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "identity"], name="transaction_identity_unique_in_account"),
            models.CheckConstraint(
                condition=Q(allocated=0) | (Q(allocated__gt=0) & Q(allocated__lte=F("amount"))),
                name="transaction_allocated_within_amount",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReceiptState.IGNORED) | Q(allocated=0),
                name="an_ignored_transaction_holds_no_allocation",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "booking_date"], name="tx_account_day"),
            models.Index(fields=["state", "booking_date"], name="tx_state_day"),
            models.Index(fields=["id"], condition=Q(proposed_at=None), name="tx_waits_for_proposal"),
            models.Index(fields=["booking_date", "id"], name="tx_day"),
            models.Index(fields=["held_until"], condition=Q(held_until__isnull=False), name="tx_held"),
            models.Index(fields=["id"], condition=~Q(return_sign=""), name="tx_returns"),
            models.Index(fields=["amount", "id"], name="tx_amount"),
            # Any piece of three letters finds the row; the texts as `icontains` compares them.
            GinIndex(*(OpClass(Upper(name), "gin_trgm_ops") for name in SEARCHED_TEXTS), name="tx_texts"),
        ]

    @property
    def unallocated(self) -> Decimal:
        """What the payment still holds."""
        return self.amount - self.allocated

    @property
    def called(self) -> str:
        """Its day and amount."""
        return f"{self.booking_date} {figures.figure(self.amount, self.currency)} {self.currency}"


class PendingEntry(models.Model):
    """An entry that the bank has not booked yet: shown only, replaced whole by each fetch."""

    account = models.ForeignKey(BankAccount, on_delete=models.CASCADE, related_name="pending_entries")
    expected_date = models.DateField(null=True, blank=True)
    amount = MoneyField()
    currency = CurrencyField()
    counterparty_name = models.CharField(max_length=200, blank=True)
    remittance_information = models.TextField(blank=True)

    def __str__(self) -> str:
        """Name the entry."""
        return f"pending entry {self.pk}"
