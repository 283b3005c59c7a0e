"""Connections to payment providers, and what they say of payments and payouts."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import payymo.shared.money


class Migration(migrations.Migration):
    replaces = [
        ("payments", "0001_initial"),
        ("payments", "0002_what_a_payout_is_made_of"),
        ("payments", "0003_look_up_for_the_three_way_check"),
        ("payments", "0004_what_a_key_may_do"),
        ("payments", "0005_intents_and_outcomes"),
        ("payments", "0006_erasing"),
        ("payments", "0007_order_of_lists"),
        ("payments", "0008_another_gateway"),
        ("payments", "0009_consent_at_stripe"),
    ]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="StripeConnection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("next_sync_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("last_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("last_success_at", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveIntegerField(default=0, help_text="failures in a row")),
                ("last_error_code", models.CharField(blank=True, max_length=64)),
                (
                    "last_error",
                    models.CharField(blank=True, help_text="in plain words, for the tenant", max_length=500),
                ),
                ("account_id", models.CharField(max_length=64, unique=True)),
                ("account_name", models.CharField(blank=True, max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("restricted_key", "Restricted key"),
                            ("connect", "Stripe Connect"),
                            ("access_token", "Access token"),
                        ],
                        max_length=16,
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("default_currency", payymo.shared.money.CurrencyField(blank=True, max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[("ACTIVE", "Connected"), ("BROKEN", "Key refused"), ("REMOVED", "Removed")],
                        default="ACTIVE",
                        max_length=8,
                    ),
                ),
                ("key_sealed", models.BinaryField(blank=True, default=b"")),
                ("key_last4", models.CharField(blank=True, max_length=4)),
                ("webhook_secret_sealed", models.BinaryField(blank=True, default=b"")),
                (
                    "webhook_secret_old_sealed",
                    models.BinaryField(blank=True, default=b"", help_text="still accepted while rotating"),
                ),
                (
                    "synced_until",
                    models.DateTimeField(blank=True, help_text="every charge created before it is here", null=True),
                ),
                ("events_seen_until", models.DateTimeField(blank=True, null=True)),
                ("permissions_checked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "superfluous_permissions",
                    models.JSONField(blank=True, default=list, help_text="rights of the key beyond the need"),
                ),
                (
                    "sync_progress",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="what a run that is not done has read so far: kind and count",
                    ),
                ),
                (
                    "gateway",
                    models.CharField(
                        choices=[("stripe", "Stripe"), ("gocardless", "GoCardless")], default="stripe", max_length=16
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Payout",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("payout_id", models.CharField(max_length=64, unique=True)),
                ("amount", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("arrival_date", models.DateField()),
                ("status", models.CharField(max_length=20)),
                ("automatic", models.BooleanField()),
                ("reconciliation_status", models.CharField(blank=True, max_length=20)),
                ("statement_descriptor", models.CharField(blank=True, max_length=120)),
                ("trace_id", models.CharField(blank=True, max_length=120)),
                ("failure_message", models.CharField(blank=True, max_length=300)),
                ("stripe_created_at", models.DateTimeField()),
                (
                    "items_complete",
                    models.BooleanField(default=False, help_text="every balance transaction of it is here"),
                ),
                (
                    "items_difference",
                    payymo.shared.money.MoneyField(
                        blank=True,
                        decimal_places=3,
                        help_text="amount - what explains it; 0 when the sum closes",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="payments.stripeconnection",
                    ),
                ),
                ("balance_transaction_id", models.CharField(blank=True, max_length=64)),
                (
                    "carried_in",
                    payymo.shared.money.MoneyField(
                        blank=True,
                        decimal_places=3,
                        help_text="without items: what the payouts before it left",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "carried_out",
                    payymo.shared.money.MoneyField(
                        blank=True,
                        decimal_places=3,
                        help_text="without items: what it left in the balance",
                        max_digits=18,
                        null=True,
                    ),
                ),
                ("destination_id", models.CharField(blank=True, max_length=64)),
                (
                    "failure_balance_transaction_id",
                    models.CharField(
                        blank=True, help_text="the movement that brought a failed payout's money back", max_length=64
                    ),
                ),
                (
                    "fee",
                    payymo.shared.money.MoneyField(
                        decimal_places=3,
                        default=0,
                        help_text="what Stripe took for the payout itself, as for an instant one",
                        max_digits=18,
                    ),
                ),
                (
                    "items_inferred",
                    models.BooleanField(
                        default=False,
                        help_text="Stripe names no items; these became available for it and add up exactly",
                    ),
                ),
                ("method", models.CharField(blank=True, help_text="standard or instant", max_length=20)),
                (
                    "original_payout_id",
                    models.CharField(blank=True, help_text="the payout that this one reverses", max_length=64),
                ),
                (
                    "parts",
                    models.JSONField(default=dict, help_text="sum and count of each part of the equation, as texts"),
                ),
                ("reversed_by_id", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["currency", "arrival_date"], name="payout_currency_day"),
                    models.Index(fields=["arrival_date", "id"], name="payout_day"),
                ],
            },
        ),
        migrations.CreateModel(
            name="BalanceTransaction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("transaction_id", models.CharField(max_length=64, unique=True)),
                ("kind", models.CharField(help_text="Stripe's `type`", max_length=60)),
                ("reporting_category", models.CharField(blank=True, max_length=60)),
                ("source_id", models.CharField(blank=True, db_index=True, max_length=64)),
                ("amount", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
                ("fee", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
                ("net", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("stripe_created_at", models.DateTimeField()),
                ("available_date", models.DateField()),
                (
                    "payout",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="items",
                        to="payments.payout",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="balance_transactions",
                        to="payments.stripeconnection",
                    ),
                ),
                ("description", models.CharField(blank=True, max_length=300)),
                ("exchange_rate", models.DecimalField(blank=True, decimal_places=10, max_digits=20, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("payout", None)),
                        fields=["connection", "currency", "available_date"],
                        name="movement_in_no_payout",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StripePayment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("charge_id", models.CharField(max_length=64, unique=True)),
                ("payment_intent_id", models.CharField(blank=True, db_index=True, max_length=64)),
                ("balance_transaction_id", models.CharField(blank=True, db_index=True, max_length=64)),
                ("charged_at", models.DateTimeField()),
                ("amount", payymo.shared.money.MoneyField(decimal_places=3, help_text="captured", max_digits=18)),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("amount_refunded", payymo.shared.money.MoneyField(decimal_places=3, default=0, max_digits=18)),
                (
                    "fee",
                    payymo.shared.money.MoneyField(
                        blank=True, decimal_places=3, help_text="in the settlement currency", max_digits=18, null=True
                    ),
                ),
                (
                    "net",
                    payymo.shared.money.MoneyField(
                        blank=True, decimal_places=3, help_text="in the settlement currency", max_digits=18, null=True
                    ),
                ),
                ("settlement_currency", payymo.shared.money.CurrencyField(blank=True, max_length=3)),
                ("status", models.CharField(max_length=20)),
                ("disputed", models.BooleanField(default=False)),
                ("customer_id", models.CharField(blank=True, max_length=64)),
                ("email", models.CharField(blank=True, max_length=254)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("description", models.TextField(blank=True)),
                ("metadata", models.JSONField(default=dict)),
                ("raw_sealed", models.BinaryField(blank=True, default=b"")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("UNRECONCILED", "To review"),
                            ("PARTLY_ALLOCATED", "Partly matched"),
                            ("RECONCILED", "Matched"),
                            ("IGNORED", "Ignored"),
                        ],
                        default="UNRECONCILED",
                        max_length=16,
                    ),
                ),
                ("allocated", payymo.shared.money.MoneyField(decimal_places=3, default=0, max_digits=18)),
                ("ignored_reason", models.CharField(blank=True, max_length=40)),
                ("held_until", models.DateField(blank=True, null=True)),
                (
                    "proposed_at",
                    models.DateTimeField(blank=True, help_text="empty: waits for the matching engine", null=True),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="payments.stripeconnection",
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="payments",
                        to="payments.payout",
                    ),
                ),
                (
                    "erased_at",
                    models.DateTimeField(blank=True, help_text="when what named a person was erased", null=True),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "charged_at"], name="charge_state_day"),
                    models.Index(
                        condition=models.Q(("proposed_at", None)), fields=["id"], name="charge_waits_for_proposal"
                    ),
                    models.Index(fields=["charged_at", "id"], name="charge_day"),
                    models.Index(
                        condition=models.Q(("held_until__isnull", False)), fields=["held_until"], name="charge_held"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("allocated__gte", 0), ("allocated__lte", models.F("amount"))),
                        name="charge_allocated_within_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "IGNORED"), _negated=True), ("allocated", 0), _connector="OR"
                        ),
                        name="an_ignored_charge_holds_no_allocation",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("refund_id", models.CharField(max_length=64, unique=True)),
                ("balance_transaction_id", models.CharField(blank=True, max_length=64)),
                ("amount", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("status", models.CharField(max_length=20)),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("refunded_at", models.DateTimeField()),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="payments.stripepayment"
                    ),
                ),
                (
                    "failure_balance_transaction_id",
                    models.CharField(
                        blank=True, help_text="the movement that brought a failed refund's money back", max_length=64
                    ),
                ),
                ("failure_reason", models.CharField(blank=True, max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("dispute_id", models.CharField(max_length=64, unique=True)),
                ("amount", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("status", models.CharField(max_length=40)),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("disputed_at", models.DateTimeField()),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="payments.stripepayment",
                    ),
                ),
                ("evidence_due_at", models.DateTimeField(blank=True, null=True)),
                (
                    "fee",
                    payymo.shared.money.MoneyField(
                        decimal_places=3, default=0, help_text="what Stripe took for it", max_digits=18
                    ),
                ),
                ("fee_returned", payymo.shared.money.MoneyField(decimal_places=3, default=0, max_digits=18)),
                (
                    "reinstated",
                    payymo.shared.money.MoneyField(
                        decimal_places=3, default=0, help_text="given back when it was won", max_digits=18
                    ),
                ),
                ("settlement_currency", payymo.shared.money.CurrencyField(blank=True, max_length=3)),
                (
                    "withdrawn",
                    payymo.shared.money.MoneyField(
                        decimal_places=3,
                        default=0,
                        help_text="taken from the balance, in the settlement currency",
                        max_digits=18,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("event_id", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=80)),
                ("object_id", models.CharField(blank=True, max_length=64)),
                ("payload_sealed", models.BinaryField()),
                ("received_at", models.DateTimeField()),
                ("processed_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="webhook_events",
                        to="payments.stripeconnection",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("processed_at", None)), fields=["next_attempt_at"], name="event_waits"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "event_id"), name="an_event_is_stored_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentIntent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("intent_id", models.CharField(max_length=64, unique=True)),
                ("charge_id", models.CharField(blank=True, help_text="the latest one", max_length=64)),
                ("amount", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
                ("amount_received", payymo.shared.money.MoneyField(decimal_places=3, default=0, max_digits=18)),
                (
                    "amount_capturable",
                    payymo.shared.money.MoneyField(
                        decimal_places=3,
                        default=0,
                        help_text="authorised, and lost if it is not captured in time",
                        max_digits=18,
                    ),
                ),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("status", models.CharField(max_length=40)),
                ("customer_id", models.CharField(blank=True, max_length=64)),
                ("description", models.TextField(blank=True)),
                ("metadata", models.JSONField(default=dict)),
                ("error_code", models.CharField(blank=True, max_length=60)),
                ("stripe_created_at", models.DateTimeField()),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="intents",
                        to="payments.stripeconnection",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["status", "stripe_created_at"], name="intent_status_day")],
            },
        ),
        migrations.CreateModel(
            name="ConnectAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state_hash",
                    models.CharField(help_text="of the state and the browser's session", max_length=64, unique=True),
                ),
                ("livemode", models.BooleanField()),
                ("ends_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
