"""Accounts at gateways, charges, refunds, disputes, payouts. Tenant schema.

Stripe came first and gave the words: what another gateway calls otherwise is put into them by its client.
"""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payymo.shared.models import ConnectionHealth, ReceiptState, Record
from payymo.shared.money import CurrencyField, MoneyField


class Gateway(models.TextChoices):
    """Whose account it is: a name of `payments.clients.gateways`."""

    STRIPE = "stripe", "Stripe"
    GOCARDLESS = "gocardless", "GoCardless"


def gateway_of(object_id: str) -> Gateway:
    """Say whose id of a payment or a payout it is, without a look at the connection."""
    return Gateway.GOCARDLESS if object_id.startswith(("PM", "PO")) else Gateway.STRIPE


class StripeConnection(ConnectionHealth, Record):
    """One account at a gateway, read with a key of its own or through Stripe Connect."""

    class Kind(models.TextChoices):
        """How the account was connected."""

        RESTRICTED_KEY = "restricted_key", _("Restricted key")
        CONNECT = "connect", _("Stripe Connect")
        ACCESS_TOKEN = "access_token", _("Access token")

    class State(models.TextChoices):
        """Only ACTIVE is read; events are stored unless it is REMOVED, and wait while it is not ACTIVE."""

        ACTIVE = "ACTIVE", _("Connected")
        PAUSED = "PAUSED", _("Paused")
        BROKEN = "BROKEN", _("Key refused")
        REMOVED = "REMOVED", _("Removed")

    gateway = models.CharField(max_length=16, choices=Gateway, default=Gateway.STRIPE)
    account_id = models.CharField(max_length=64, unique=True)
    account_name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=16, choices=Kind)
    livemode = models.BooleanField()
    default_currency = CurrencyField(blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    key_sealed = models.BinaryField(default=b"", blank=True)
    key_last4 = models.CharField(max_length=4, blank=True)
    webhook_secret_sealed = models.BinaryField(default=b"", blank=True)
    webhook_secret_old_sealed = models.BinaryField(default=b"", blank=True, help_text="still accepted while rotating")
    synced_until = models.DateTimeField(null=True, blank=True, help_text=_("every charge created before it is here"))
    events_seen_until = models.DateTimeField(null=True, blank=True)
    superfluous_permissions = models.JSONField(default=list, blank=True, help_text="rights of the key beyond the need")
    permissions_checked_at = models.DateTimeField(null=True, blank=True)
    sync_progress = models.JSONField(
        default=dict, blank=True, help_text="what a run that is not done has read so far: kind and count"
    )

    @property
    def is_paused(self) -> bool:
        """Whether a person leaves it alone."""
        return bool(self.state == self.State.PAUSED)

    @property
    def display_name(self) -> str:
        """Its name with what tells it from others: one company often bears one name at several gateways."""
        gateway = self.get_gateway_display()
        if not self.account_name:
            return f"{self.account_id} ({gateway})"
        # Word joiner: no line ends behind the dots.
        return f"{self.account_name} ({gateway} …\u2060{self.account_id[-4:]})"

    @property
    def called(self) -> str:
        """The gateway's id of the account."""
        return self.account_id or super().called


class ConnectAttempt(models.Model):
    """Somebody was led to Stripe to agree. Spent by deleting it; one that nobody came back from goes with the next."""

    state_hash = models.CharField(max_length=64, unique=True, help_text="of the state and the browser's session")
    livemode = models.BooleanField()
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Name it by what it is not."""
        return f"attempt until {self.ends_at:%Y-%m-%d %H:%M}"


class Payout(Record):
    """Money that Stripe sent to (or took from) the bank."""

    connection = models.ForeignKey(StripeConnection, on_delete=models.PROTECT, related_name="payouts")
    payout_id = models.CharField(max_length=64, unique=True)
    amount = MoneyField()
    currency = CurrencyField()
    arrival_date = models.DateField()
    status = models.CharField(max_length=20)
    automatic = models.BooleanField()
    reconciliation_status = models.CharField(max_length=20, blank=True)
    statement_descriptor = models.CharField(max_length=120, blank=True)
    trace_id = models.CharField(max_length=120, blank=True)
    failure_message = models.CharField(max_length=300, blank=True)
    method = models.CharField(max_length=20, blank=True, help_text=_("standard or instant"))
    destination_id = models.CharField(max_length=64, blank=True)
    balance_transaction_id = models.CharField(max_length=64, blank=True)
    failure_balance_transaction_id = models.CharField(
        max_length=64, blank=True, help_text=_("the movement that brought a failed payout's money back")
    )
    original_payout_id = models.CharField(max_length=64, blank=True, help_text=_("the payout that this one reverses"))
    reversed_by_id = models.CharField(max_length=64, blank=True)
    stripe_created_at = models.DateTimeField()
    items_complete = models.BooleanField(default=False, help_text=_("every balance transaction of it is here"))
    items_inferred = models.BooleanField(
        default=False, help_text=_("Stripe names no items; these became available for it and add up exactly")
    )
    items_difference = MoneyField(
        null=True, blank=True, help_text=_("amount - what explains it; 0 when the sum closes")
    )
    fee = MoneyField(default=0, help_text=_("what Stripe took for the payout itself, as for an instant one"))
    parts = models.JSONField(default=dict, help_text=_("sum and count of each part of the equation, as texts"))
    carried_in = MoneyField(null=True, blank=True, help_text=_("without items: what the payouts before it left"))
    carried_out = MoneyField(null=True, blank=True, help_text=_("without items: what it left in the balance"))

    class Meta:
        indexes = [
            models.Index(fields=["currency", "arrival_date"], name="payout_currency_day"),
            models.Index(fields=["arrival_date", "id"], name="payout_day"),
        ]

    @property
    def gateway(self) -> Gateway:
        """Who sent it."""
        return gateway_of(self.payout_id)

    @property
    def has_failed(self) -> bool:
        """Whether its money came back, or never left."""
        return self.status in ("failed", "canceled")

    @property
    def called(self) -> str:
        """The gateway's id."""
        return self.payout_id


class StripePayment(Record):
    """A charge that was captured. `allocated` and `state` change under a lock."""

    connection = models.ForeignKey(StripeConnection, on_delete=models.PROTECT, related_name="payments")
    charge_id = models.CharField(max_length=64, unique=True)
    payment_intent_id = models.CharField(max_length=64, blank=True, db_index=True)
    balance_transaction_id = models.CharField(max_length=64, blank=True, db_index=True)
    charged_at = models.DateTimeField()
    amount = MoneyField(help_text=_("captured"))
    currency = CurrencyField()
    amount_refunded = MoneyField(default=0)
    fee = MoneyField(null=True, blank=True, help_text=_("in the settlement currency"))
    net = MoneyField(null=True, blank=True, help_text=_("in the settlement currency"))
    settlement_currency = CurrencyField(blank=True)
    status = models.CharField(max_length=20)
    disputed = models.BooleanField(default=False)
    customer_id = models.CharField(max_length=64, blank=True)
    email = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    metadata = models.JSONField(default=dict)
    payout = models.ForeignKey(Payout, on_delete=models.SET_NULL, null=True, blank=True, related_name="payments")
    raw_sealed = models.BinaryField(default=b"", blank=True)
    state = models.CharField(max_length=16, choices=ReceiptState, default=ReceiptState.UNRECONCILED)
    allocated = MoneyField(default=0)
    ignored_reason = models.CharField(max_length=40, blank=True)
    held_until = models.DateField(null=True, blank=True)
    proposed_at = models.DateTimeField(null=True, blank=True, help_text=_("empty: waits for the matching engine"))
    erased_at = models.DateTimeField(null=True, blank=True, help_text=_("when what named a person was erased"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(allocated__gte=0) & Q(allocated__lte=F("amount")), name="charge_allocated_within_amount"
            ),
            models.CheckConstraint(
                condition=~Q(state=ReceiptState.IGNORED) | Q(allocated=0), name="an_ignored_charge_holds_no_allocation"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "charged_at"], name="charge_state_day"),
            models.Index(fields=["charged_at", "id"], name="charge_day"),
            models.Index(fields=["id"], condition=Q(proposed_at=None), name="charge_waits_for_proposal"),
            models.Index(fields=["held_until"], condition=Q(held_until__isnull=False), name="charge_held"),
        ]

    @property
    def gateway(self) -> Gateway:
        """Who took it."""
        return gateway_of(self.charge_id)

    @property
    def unallocated(self) -> Decimal:
        """What the charge still holds."""
        return self.amount - self.allocated

    @property
    def called(self) -> str:
        """The gateway's id."""
        return self.charge_id


class PaymentIntent(Record):
    """A customer's attempt to pay: what is on its way, waits for capture, or came to nothing."""

    connection = models.ForeignKey(StripeConnection, on_delete=models.PROTECT, related_name="intents")
    intent_id = models.CharField(max_length=64, unique=True)
    charge_id = models.CharField(max_length=64, blank=True, help_text="the latest one")
    amount = MoneyField()
    amount_received = MoneyField(default=0)
    amount_capturable = MoneyField(default=0, help_text="authorised, and lost if it is not captured in time")
    currency = CurrencyField()
    status = models.CharField(max_length=40)
    customer_id = models.CharField(max_length=64, blank=True)
    description = models.TextField(blank=True)
    metadata = models.JSONField(default=dict)
    error_code = models.CharField(max_length=60, blank=True)
    stripe_created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["status", "stripe_created_at"], name="intent_status_day")]


class BalanceTransaction(models.Model):
    """A movement of the Stripe balance: the ledger from which payouts are explained."""

    connection = models.ForeignKey(StripeConnection, on_delete=models.PROTECT, related_name="balance_transactions")
    transaction_id = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=60, help_text="Stripe's `type`")
    reporting_category = models.CharField(max_length=60, blank=True)
    source_id = models.CharField(max_length=64, blank=True, db_index=True)
    amount = MoneyField()
    fee = MoneyField()
    net = MoneyField()
    currency = CurrencyField()
    stripe_created_at = models.DateTimeField()
    available_date = models.DateField()
    exchange_rate = models.DecimalField(max_digits=20, decimal_places=10, null=True, blank=True)
    description = models.CharField(max_length=300, blank=True)
    payout = models.ForeignKey(Payout, on_delete=models.SET_NULL, null=True, blank=True, related_name="items")

    class Meta:
        indexes = [
            models.Index(
                fields=["connection", "currency", "available_date"],
                condition=Q(payout=None),
                name="movement_in_no_payout",
            ),
        ]

    def __str__(self) -> str:
        """Name the movement."""
        return self.transaction_id


class Refund(models.Model):
    """Money given back; it can still fail later."""

    payment = models.ForeignKey(StripePayment, on_delete=models.PROTECT, related_name="refunds")
    refund_id = models.CharField(max_length=64, unique=True)
    balance_transaction_id = models.CharField(max_length=64, blank=True)
    amount = MoneyField()
    currency = CurrencyField()
    status = models.CharField(max_length=20)
    reason = models.CharField(max_length=60, blank=True)
    failure_reason = models.CharField(max_length=60, blank=True)
    failure_balance_transaction_id = models.CharField(
        max_length=64, blank=True, help_text="the movement that brought a failed refund's money back"
    )
    refunded_at = models.DateTimeField()

    def __str__(self) -> str:
        """Name the refund."""
        return self.refund_id


class Dispute(models.Model):
    """A customer's bank took the money back, or asks about it."""

    payment = models.ForeignKey(StripePayment, on_delete=models.PROTECT, related_name="disputes")
    dispute_id = models.CharField(max_length=64, unique=True)
    amount = MoneyField()
    currency = CurrencyField()
    status = models.CharField(max_length=40)
    reason = models.CharField(max_length=60, blank=True)
    disputed_at = models.DateTimeField()
    evidence_due_at = models.DateTimeField(null=True, blank=True)
    withdrawn = MoneyField(default=0, help_text="taken from the balance, in the settlement currency")
    reinstated = MoneyField(default=0, help_text="given back when it was won")
    fee = MoneyField(default=0, help_text="what Stripe took for it")
    fee_returned = MoneyField(default=0)
    settlement_currency = CurrencyField(blank=True)

    class Outcome(models.TextChoices):
        """What came of it. An inquiry moves no money."""

        INQUIRY = "inquiry", _("Inquiry")
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        PREVENTED = "prevented", _("Prevented")

    def __str__(self) -> str:
        """Name the dispute."""
        return self.dispute_id

    @property
    def moved_in(self) -> str:
        """The currency of what it moved; the charge's own while nothing moved."""
        return self.settlement_currency or self.currency

    @property
    def outcome(self) -> "Dispute.Outcome":
        """What Stripe's status means for the money; a status that is new counts as open."""
        if self.status.startswith("warning_"):
            return self.Outcome.INQUIRY
        ended = (self.Outcome.WON, self.Outcome.LOST, self.Outcome.PREVENTED)
        return self.Outcome(self.status) if self.status in ended else self.Outcome.OPEN


class WebhookEvent(Record):
    """A verified event, stored before it is answered and worked on afterwards."""

    connection = models.ForeignKey(StripeConnection, on_delete=models.PROTECT, related_name="webhook_events")
    event_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=80)
    object_id = models.CharField(max_length=64, blank=True)
    payload_sealed = models.BinaryField()
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "event_id"], name="an_event_is_stored_once")]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(processed_at=None), name="event_waits"),
        ]

    @property
    def called(self) -> str:
        """The gateway's id."""
        return self.event_id
