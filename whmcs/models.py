"""The mirror of a WHMCS installation, and the outbox of what it must be told. Tenant schema."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payymo.shared import sentences
from payymo.shared.models import ConnectionHealth, Record
from payymo.shared.money import CurrencyField, MoneyField
from whmcs.module_models import AddonModule, ModuleEvent
from whmcs.side_models import CreditMovement, Order

__all__ = [
    "AddonModule",
    "Client",
    "CreditMovement",
    "Invoice",
    "InvoiceLine",
    "ModuleEvent",
    "Order",
    "Posting",
    "PostingTransition",
    "WhmcsInstance",
    "WhmcsTransaction",
]


class WhmcsInstance(ConnectionHealth, Record):
    """One WHMCS installation."""

    class State(models.TextChoices):
        """Only ACTIVE is read and posted to, unless it is paused."""

        ACTIVE = "ACTIVE", _("Connected")
        BROKEN = "BROKEN", _("Access refused")
        REMOVED = "REMOVED", _("Removed")

    name = models.CharField(max_length=120)
    base_url = models.CharField(max_length=300, unique=True, help_text=_("without /includes/api.php"))
    identifier_sealed = models.BinaryField()
    secret_sealed = models.BinaryField()
    access_key_sealed = models.BinaryField(default=b"", blank=True)
    secret_last4 = models.CharField(max_length=4, blank=True)
    version = models.CharField(max_length=40, blank=True)
    default_currency = CurrencyField(blank=True)
    bank_gateway = models.CharField(max_length=60, default="banktransfer", help_text=_("books bank payments under it"))
    stripe_gateway = models.CharField(max_length=60, default="stripe")
    gocardless_gateway = models.CharField(max_length=60, default="gocardless")
    sends_payment_emails = models.BooleanField(
        default=True, help_text=_("whether WHMCS mails the client about a payment that Payymo books")
    )
    guard_days = models.PositiveSmallIntegerField(
        default=3, help_text="how long a payment that waits here holds mails and suspensions there, 0 to 14; 0: not"
    )
    clock_offset_seconds = models.IntegerField(default=0, help_text=_("WHMCS local time minus UTC"))
    found = models.JSONField(default=dict, help_text="what its last test found: currencies, payment methods, dates")
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    is_paused = models.BooleanField(
        default=False,
        help_text="left alone by a person: not read, and nothing new is sent; beside the state, so that "
        "a test or a new credential does not resume it",
    )
    highest_invoice_id = models.PositiveBigIntegerField(default=0)
    full_sweep_at = models.DateTimeField(
        null=True, blank=True, help_text=_("when the whole list was last read to its end")
    )
    clients_swept_at = models.DateTimeField(null=True, blank=True, help_text="last time every client was read")
    clients_position = models.PositiveIntegerField(default=0, help_text="where an interrupted reading of them goes on")
    orders_swept_at = models.DateTimeField(null=True, blank=True, help_text="last time every order was read")
    orders_position = models.PositiveIntegerField(default=0, help_text="where an interrupted reading of them goes on")
    sweep_position = models.PositiveIntegerField(default=0, help_text=_("where an interrupted reading of it goes on"))
    suspends_after_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="days after its due date on which it stops a service; none: never, or untold"
    )
    automation_read_at = models.DateTimeField(null=True, blank=True, help_text="last time it was asked for those days")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(guard_days__lte=14), name="guard_at_most_14_days")]

    @property
    def called(self) -> str:
        """The name that the company gave it."""
        return self.name


class Client(Record):
    """A WHMCS client: the billing account, not a login."""

    instance = models.ForeignKey(WhmcsInstance, on_delete=models.PROTECT, related_name="clients")
    whmcs_id = models.PositiveBigIntegerField()
    first_name = models.CharField(max_length=120, blank=True)
    last_name = models.CharField(max_length=120, blank=True)
    company_name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    country = models.CharField(max_length=2, blank=True)
    status = models.CharField(max_length=20, blank=True)
    synced_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True, help_text=_("erased; not taken over from WHMCS again"))
    bookings_read_at = models.DateTimeField(null=True, blank=True, help_text=_("when its bookings were last read"))
    credit_read_at = models.DateTimeField(null=True, blank=True, help_text=_("when its movements of credit were"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "whmcs_id"], name="one_row_per_whmcs_client")]

    @property
    def display_name(self) -> str:
        """Company, else person, else number."""
        person = f"{self.first_name} {self.last_name}".strip()
        return self.company_name or person or f"Client {self.whmcs_id}"

    @property
    def called(self) -> str:
        """WHMCS's id of the client."""
        return f"#{self.whmcs_id}"


class Invoice(Record):
    """A WHMCS invoice as last read. `reserved` is what approved postings will bring and WHMCS does not show yet."""

    class Status(models.TextChoices):
        """WHMCS's exact words; others are kept as they come."""

        DRAFT = "Draft", _("Draft")
        UNPAID = "Unpaid", _("Unpaid")
        PAID = "Paid", _("Paid")
        CANCELLED = "Cancelled", _("Cancelled")
        REFUNDED = "Refunded", _("Refunded")
        COLLECTIONS = "Collections", _("Collections")
        PAYMENT_PENDING = "Payment Pending", _("Payment pending")

    OPEN = (Status.UNPAID, Status.COLLECTIONS, Status.PAYMENT_PENDING)

    instance = models.ForeignKey(WhmcsInstance, on_delete=models.PROTECT, related_name="invoices")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="invoices")
    whmcs_id = models.PositiveBigIntegerField()
    number = models.CharField(max_length=80, blank=True, help_text=_("empty while WHMCS shows the id as the number"))
    other_numbers = ArrayField(
        models.CharField(max_length=80),
        default=list,
        help_text=_("its number before it was paid, its order's, and those of mass payments that hold it"),
    )
    currency = CurrencyField()
    issue_date = models.DateField(null=True, blank=True)
    due_date = models.DateField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    total = MoneyField()
    credit = MoneyField(default=0)
    balance = MoneyField(help_text=_("what WHMCS says is left to pay"))
    reserved = MoneyField(default=0)
    status = models.CharField(max_length=40)
    payment_method = models.CharField(max_length=60, blank=True)
    is_mass_payment = models.BooleanField(default=False)
    is_credit_account = models.BooleanField(
        default=False, help_text=_("no invoice of WHMCS: stands for the client's credit, which takes money without one")
    )
    remote_updated_at = models.CharField(max_length=19, blank=True, help_text=_("WHMCS's own updated_at, as text"))
    synced_at = models.DateTimeField(
        help_text=_("when what is shown here was read; an older reading never replaces it")
    )
    read_at = models.DateTimeField(null=True, blank=True, help_text=_("when balance and lines were last read"))
    needs_reading = models.BooleanField(
        default=False, help_text=_("the list showed a change; balance and lines are not read yet")
    )
    matched_at = models.DateTimeField(null=True, blank=True, help_text=_("empty: changed since the engine last looked"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instance", "whmcs_id"], name="one_row_per_whmcs_invoice"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="invoice_reserved_not_negative"),
            models.UniqueConstraint(
                fields=["client"], condition=Q(is_credit_account=True), name="one_credit_account_per_client"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "due_date"], name="invoice_status_due"),
            models.Index(fields=["currency", "balance"], name="invoice_currency_balance"),
            models.Index(
                models.F("currency"),
                models.F("balance") - models.F("reserved"),
                condition=Q(status__in=["Unpaid", "Collections", "Payment Pending"], needs_reading=False),
                name="invoice_owes_exactly",
            ),
            models.Index(fields=["id"], condition=Q(matched_at=None), name="invoice_waits_for_engine"),
            models.Index(fields=["id"], condition=Q(needs_reading=True), name="invoice_needs_reading"),
        ]

    @property
    def outstanding(self) -> Decimal:
        """What it still owes once our approved postings have arrived."""
        outstanding: Decimal = self.balance - self.reserved
        return outstanding

    @property
    def owed(self) -> Decimal:
        """What the client owes of it: nothing unless it is open, whatever balance WHMCS keeps of a closed one."""
        return self.outstanding if self.status in self.OPEN else Decimal(0)

    @property
    def status_in_words(self) -> str:
        """WHMCS's word for its state in the reader's language; one that Payymo does not know as it came."""
        return str(self.Status(self.status).label) if self.status in self.Status.values else self.status

    @property
    def display_number(self) -> str:
        """The number the customer sees: WHMCS shows the id where there is none."""
        return self.number or str(self.whmcs_id)

    @property
    def called(self) -> str:
        """The number that the customer sees."""
        return self.display_number


class InvoiceLine(models.Model):
    """A line of an invoice; domains are found in its text."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    whmcs_id = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=40, blank=True)
    related_id = models.BigIntegerField(default=0)
    description = models.TextField(blank=True)
    amount = MoneyField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice", "whmcs_id"], name="one_row_per_whmcs_line")]

    def __str__(self) -> str:
        """Name the line."""
        return f"line {self.whmcs_id}"


class WhmcsTransaction(models.Model):
    """What WHMCS has booked, by whomever."""

    instance = models.ForeignKey(WhmcsInstance, on_delete=models.PROTECT, related_name="transactions")
    whmcs_id = models.PositiveBigIntegerField()
    invoice = models.ForeignKey(Invoice, on_delete=models.SET_NULL, null=True, blank=True, related_name="transactions")
    client_whmcs_id = models.PositiveBigIntegerField(default=0)
    gateway = models.CharField(max_length=60, blank=True)
    booked_at = models.CharField(max_length=19, blank=True, help_text="WHMCS's local time, as text")
    amount_in = MoneyField(default=0)
    fees = MoneyField(default=0)
    amount_out = MoneyField(default=0)
    transaction_id = models.CharField(max_length=255, blank=True, db_index=True, help_text="WHMCS's `transid`")
    refunds_whmcs_id = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "whmcs_id"], name="one_row_per_whmcs_transaction")]
        indexes = [
            models.Index(
                fields=["instance", "refunds_whmcs_id"],
                condition=Q(refunds_whmcs_id__gt=0),
                name="refunds_of_a_booking",
            ),
            models.Index(fields=["booked_at"], name="booking_day"),
        ]

    def __str__(self) -> str:
        """Name the transaction."""
        return f"WHMCS transaction {self.whmcs_id}"

    @property
    def is_money(self) -> bool:
        """Whether money moved: WHMCS 9 lists credit and debit notes here too, which name no gateway."""
        return bool(self.gateway)


class Posting(Record):
    """One payment that WHMCS must show once: the outbox row and its state. See security of postings in ARCHITECTURE."""

    class State(models.TextChoices):
        """QUEUED -> SENDING -> POSTED; SENDING -> UNKNOWN -> POSTED or QUEUED; the rest as named."""

        QUEUED = "QUEUED", _("Waiting")
        SENDING = "SENDING", _("Posting")
        UNKNOWN = "UNKNOWN", _("Checking with WHMCS")
        POSTED = "POSTED", _("Posted")
        RETRYABLE = "RETRYABLE", _("Trying again")
        CONFLICT = "CONFLICT", _("Needs a person")
        FAILED = "FAILED", _("Refused by WHMCS")
        WITHDRAWN = "WITHDRAWN", _("Taken back")

    class Kind(models.TextChoices):
        """Sent by us, or found already booked."""

        POST = "POST", _("Posted by Payymo")
        LINK = "LINK", _("Already booked in WHMCS")

    instance = models.ForeignKey(WhmcsInstance, on_delete=models.PROTECT, related_name="postings")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="postings")
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.POST)
    amount = MoneyField()
    currency = CurrencyField()
    fees = MoneyField(default=0)
    paid_at = models.DateTimeField(help_text=_("the payment's own day"))
    gateway = models.CharField(max_length=60)
    transaction_id = models.CharField(max_length=64, help_text=_("WHMCS's `transid`: made once, never changed"))
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    allows_overpayment = models.BooleanField(
        default=False, help_text=_("a person accepted that the rest becomes credit")
    )
    expected_balance = MoneyField(
        null=True, blank=True, help_text=_("what the invoice must owe when this is sent; empty: not checked")
    )
    expected_status = models.CharField(max_length=40, blank=True)
    not_before = models.DateTimeField(help_text=_("end of the undo window, or of the current back-off"))
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    absent_look_ups = models.PositiveSmallIntegerField(default=0, help_text=_("look-ups in a row that did not find it"))
    last_error = models.CharField(max_length=500, blank=True)
    last_error_said = models.JSONField(default=dict, blank=True, help_text="what its words are worded from")
    posted_at = models.DateTimeField(null=True, blank=True)
    whmcs_transaction = models.ForeignKey(
        WhmcsTransaction, on_delete=models.SET_NULL, null=True, blank=True, related_name="postings"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "transaction_id"], condition=Q(kind="POST"), name="a_transid_is_used_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="posting_amount_positive"),
            models.CheckConstraint(condition=~Q(state="POSTED") | Q(posted_at__isnull=False), name="posted_says_when"),
            models.UniqueConstraint(
                fields=["invoice"],
                condition=Q(state__in=["SENDING", "UNKNOWN"]),
                name="one_posting_in_flight_per_invoice",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before"],
                condition=Q(state__in=["QUEUED", "RETRYABLE", "UNKNOWN", "SENDING"]),
                name="posting_due",
            ),
            models.Index(fields=["id"], condition=Q(state__in=["CONFLICT", "FAILED"]), name="posting_needs_a_person"),
            models.Index(fields=["amount", "id"], condition=Q(kind="POST"), name="posting_amount"),
        ]

    @property
    def error_in_words(self) -> str:
        """The last error in the active language."""
        return sentences.spoken(self.last_error, self.last_error_said)

    @property
    def called(self) -> str:
        """The id under which WHMCS books it."""
        return self.transaction_id


class PostingTransition(models.Model):
    """One move of a posting's state. Append-only, gapless per posting."""

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="transitions")
    sequence = models.PositiveIntegerField()
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10)
    reason = models.CharField(max_length=500, blank=True)
    moved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["posting", "sequence"], name="transition_sequence_unique")]

    def __str__(self) -> str:
        """Name the move."""
        return f"{self.from_state or 'new'} to {self.to_state}"
