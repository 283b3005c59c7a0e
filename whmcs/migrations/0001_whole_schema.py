"""WHMCS installations, the mirror of their invoices, and postings."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

import payymo.shared.money


class Migration(migrations.Migration):
    replaces = [
        ("whmcs", "0001_initial"),
        ("whmcs", "0002_reading_and_expectation"),
        ("whmcs", "0003_sweep_position"),
        ("whmcs", "0004_clients_position"),
        ("whmcs", "0005_stopped_postings"),
        ("whmcs", "0006_look_up_for_the_three_way_check"),
        ("whmcs", "0007_owes_exactly"),
        ("whmcs", "0008_erasing"),
        ("whmcs", "0009_the_addon_module"),
        ("whmcs", "0010_module_refuses_bookings"),
        ("whmcs", "0011_suspension_guard"),
        ("whmcs", "0012_other_numbers"),
        ("whmcs", "0013_credit_accounts"),
        ("whmcs", "0014_under_which_gateway_debits_are_booked"),
    ]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="WhmcsInstance",
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
                ("name", models.CharField(max_length=120)),
                ("base_url", models.CharField(help_text="without /includes/api.php", max_length=300, unique=True)),
                ("identifier_sealed", models.BinaryField()),
                ("secret_sealed", models.BinaryField()),
                ("access_key_sealed", models.BinaryField(blank=True, default=b"")),
                ("secret_last4", models.CharField(blank=True, max_length=4)),
                ("version", models.CharField(blank=True, max_length=40)),
                ("default_currency", payymo.shared.money.CurrencyField(blank=True, max_length=3)),
                (
                    "bank_gateway",
                    models.CharField(default="banktransfer", help_text="books bank payments under it", max_length=60),
                ),
                ("stripe_gateway", models.CharField(default="stripe", max_length=60)),
                ("clock_offset_seconds", models.IntegerField(default=0, help_text="WHMCS local time minus UTC")),
                (
                    "state",
                    models.CharField(
                        choices=[("ACTIVE", "Connected"), ("BROKEN", "Access refused"), ("REMOVED", "Removed")],
                        default="ACTIVE",
                        max_length=8,
                    ),
                ),
                ("highest_invoice_id", models.PositiveBigIntegerField(default=0)),
                (
                    "full_sweep_at",
                    models.DateTimeField(
                        blank=True, help_text="when the whole list was last read to its end", null=True
                    ),
                ),
                (
                    "sends_payment_emails",
                    models.BooleanField(
                        default=True, help_text="whether WHMCS mails the client about a payment that Payymo books"
                    ),
                ),
                (
                    "sweep_position",
                    models.PositiveIntegerField(default=0, help_text="where an interrupted reading of it goes on"),
                ),
                (
                    "clients_position",
                    models.PositiveIntegerField(default=0, help_text="where an interrupted reading of them goes on"),
                ),
                (
                    "clients_swept_at",
                    models.DateTimeField(blank=True, help_text="last time every client was read", null=True),
                ),
                (
                    "guard_days",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="how long a payment that waits here holds mails and suspensions there, 0 to 14; 0: not",
                    ),
                ),
                (
                    "found",
                    models.JSONField(
                        default=dict, help_text="what its last test found: currencies, payment methods, dates"
                    ),
                ),
                ("gocardless_gateway", models.CharField(default="gocardless", max_length=60)),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("guard_days__lte", 14)), name="guard_at_most_14_days")
                ],
            },
        ),
        migrations.CreateModel(
            name="AddonModule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "api_key_id",
                    models.UUIDField(help_text="public id of its API key; the key itself is kept nowhere", unique=True),
                ),
                ("webhook_secret_sealed", models.BinaryField()),
                ("webhook_secret_old_sealed", models.BinaryField(blank=True, default=b"")),
                ("paired_at", models.DateTimeField()),
                ("version", models.CharField(blank=True, max_length=20)),
                ("php_version", models.CharField(blank=True, max_length=20)),
                ("last_seen_at", models.DateTimeField(blank=True, null=True)),
                (
                    "queued_events",
                    models.PositiveIntegerField(default=0, help_text="as it last said; many mean that it cannot send"),
                ),
                (
                    "books_payments",
                    models.BooleanField(
                        default=False, help_text="postings go through it: it said that it may book, and was seen"
                    ),
                ),
                (
                    "instance",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="addon_module",
                        to="whmcs.whmcsinstance",
                    ),
                ),
                (
                    "bookings_refused_at",
                    models.DateTimeField(
                        blank=True, help_text="when it last took no posting; the API is used for an hour", null=True
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ModuleEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=40)),
                ("invoice_whmcs_id", models.PositiveBigIntegerField(default=0)),
                ("client_whmcs_id", models.PositiveBigIntegerField(default=0)),
                ("transaction_id", models.CharField(blank=True, max_length=255)),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(db_index=True)),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="module_events",
                        to="whmcs.whmcsinstance",
                    ),
                ),
                ("order_number", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("instance", "event_id"), name="a_module_event_is_stored_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Client",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("whmcs_id", models.PositiveBigIntegerField()),
                ("first_name", models.CharField(blank=True, max_length=120)),
                ("last_name", models.CharField(blank=True, max_length=120)),
                ("company_name", models.CharField(blank=True, max_length=200)),
                ("email", models.CharField(blank=True, max_length=254)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("status", models.CharField(blank=True, max_length=20)),
                ("synced_at", models.DateTimeField()),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="clients", to="whmcs.whmcsinstance"
                    ),
                ),
                (
                    "bookings_read_at",
                    models.DateTimeField(blank=True, help_text="when its bookings were last read", null=True),
                ),
                (
                    "erased_at",
                    models.DateTimeField(blank=True, help_text="erased; not taken over from WHMCS again", null=True),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("instance", "whmcs_id"), name="one_row_per_whmcs_client")
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("whmcs_id", models.PositiveBigIntegerField()),
                (
                    "number",
                    models.CharField(
                        blank=True, help_text="empty while WHMCS shows the id as the number", max_length=80
                    ),
                ),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("issue_date", models.DateField(blank=True, null=True)),
                ("due_date", models.DateField(blank=True, null=True)),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                ("total", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
                ("credit", payymo.shared.money.MoneyField(decimal_places=3, default=0, max_digits=18)),
                (
                    "balance",
                    payymo.shared.money.MoneyField(
                        decimal_places=3, help_text="what WHMCS says is left to pay", max_digits=18
                    ),
                ),
                ("reserved", payymo.shared.money.MoneyField(decimal_places=3, default=0, max_digits=18)),
                ("status", models.CharField(max_length=40)),
                ("payment_method", models.CharField(blank=True, max_length=60)),
                ("is_mass_payment", models.BooleanField(default=False)),
                (
                    "remote_updated_at",
                    models.CharField(blank=True, help_text="WHMCS's own updated_at, as text", max_length=19),
                ),
                (
                    "synced_at",
                    models.DateTimeField(
                        help_text="when what is shown here was read; an older reading never replaces it"
                    ),
                ),
                (
                    "matched_at",
                    models.DateTimeField(
                        blank=True, help_text="empty: changed since the engine last looked", null=True
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invoices", to="whmcs.client"
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invoices", to="whmcs.whmcsinstance"
                    ),
                ),
                (
                    "needs_reading",
                    models.BooleanField(
                        default=False, help_text="the list showed a change; balance and lines are not read yet"
                    ),
                ),
                (
                    "read_at",
                    models.DateTimeField(blank=True, help_text="when balance and lines were last read", null=True),
                ),
                (
                    "other_numbers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80),
                        default=list,
                        help_text="its number before it was paid, its order's, and those of mass payments that hold it",
                        size=None,
                    ),
                ),
                (
                    "is_credit_account",
                    models.BooleanField(
                        default=False,
                        help_text="no invoice of WHMCS: stands for the client's credit, which takes money without one",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["status", "due_date"], name="invoice_status_due"),
                    models.Index(fields=["currency", "balance"], name="invoice_currency_balance"),
                    models.Index(
                        condition=models.Q(("matched_at", None)), fields=["id"], name="invoice_waits_for_engine"
                    ),
                    models.Index(
                        condition=models.Q(("needs_reading", True)), fields=["id"], name="invoice_needs_reading"
                    ),
                    models.Index(
                        models.F("currency"),
                        django.db.models.expressions.CombinedExpression(models.F("balance"), "-", models.F("reserved")),
                        condition=models.Q(
                            ("needs_reading", False), ("status__in", ["Unpaid", "Collections", "Payment Pending"])
                        ),
                        name="invoice_owes_exactly",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("instance", "whmcs_id"), name="one_row_per_whmcs_invoice"),
                    models.CheckConstraint(
                        condition=models.Q(("reserved__gte", 0)), name="invoice_reserved_not_negative"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_credit_account", True)),
                        fields=("client",),
                        name="one_credit_account_per_client",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WhmcsTransaction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("whmcs_id", models.PositiveBigIntegerField()),
                ("client_whmcs_id", models.PositiveBigIntegerField(default=0)),
                ("gateway", models.CharField(blank=True, max_length=60)),
                ("booked_at", models.CharField(blank=True, help_text="WHMCS's local time, as text", max_length=19)),
                ("amount_in", payymo.shared.money.MoneyField(decimal_places=3, default=0, max_digits=18)),
                ("fees", payymo.shared.money.MoneyField(decimal_places=3, default=0, max_digits=18)),
                ("amount_out", payymo.shared.money.MoneyField(decimal_places=3, default=0, max_digits=18)),
                (
                    "transaction_id",
                    models.CharField(blank=True, db_index=True, help_text="WHMCS's `transid`", max_length=255),
                ),
                ("refunds_whmcs_id", models.PositiveBigIntegerField(default=0)),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transactions",
                        to="whmcs.whmcsinstance",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="transactions",
                        to="whmcs.invoice",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("refunds_whmcs_id__gt", 0)),
                        fields=["instance", "refunds_whmcs_id"],
                        name="refunds_of_a_booking",
                    ),
                    models.Index(fields=["booked_at"], name="booking_day"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("instance", "whmcs_id"), name="one_row_per_whmcs_transaction")
                ],
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("POST", "Posted by Payymo"), ("LINK", "Already booked in WHMCS")],
                        default="POST",
                        max_length=4,
                    ),
                ),
                ("amount", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("fees", payymo.shared.money.MoneyField(decimal_places=3, default=0, max_digits=18)),
                ("paid_at", models.DateTimeField(help_text="the payment's own day")),
                ("gateway", models.CharField(max_length=60)),
                (
                    "transaction_id",
                    models.CharField(help_text="WHMCS's `transid`: made once, never changed", max_length=64),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("QUEUED", "Waiting"),
                            ("SENDING", "Posting"),
                            ("UNKNOWN", "Checking with WHMCS"),
                            ("POSTED", "Posted"),
                            ("RETRYABLE", "Trying again"),
                            ("CONFLICT", "Needs a person"),
                            ("FAILED", "Refused by WHMCS"),
                            ("WITHDRAWN", "Taken back"),
                        ],
                        default="QUEUED",
                        max_length=10,
                    ),
                ),
                (
                    "allows_overpayment",
                    models.BooleanField(default=False, help_text="a person accepted that the rest becomes credit"),
                ),
                ("not_before", models.DateTimeField(help_text="end of the undo window, or of the current back-off")),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=500)),
                ("posted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="postings", to="whmcs.invoice"
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="postings", to="whmcs.whmcsinstance"
                    ),
                ),
                (
                    "whmcs_transaction",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="postings",
                        to="whmcs.whmcstransaction",
                    ),
                ),
                (
                    "absent_look_ups",
                    models.PositiveSmallIntegerField(default=0, help_text="look-ups in a row that did not find it"),
                ),
                (
                    "expected_balance",
                    payymo.shared.money.MoneyField(
                        blank=True,
                        decimal_places=3,
                        help_text="what the invoice must owe when this is sent; empty: not checked",
                        max_digits=18,
                        null=True,
                    ),
                ),
                ("expected_status", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["QUEUED", "RETRYABLE", "UNKNOWN", "SENDING"])),
                        fields=["not_before"],
                        name="posting_due",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["CONFLICT", "FAILED"])),
                        fields=["id"],
                        name="posting_needs_a_person",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "POST")),
                        fields=("instance", "transaction_id"),
                        name="a_transid_is_used_once",
                    ),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="posting_amount_positive"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "POSTED"), _negated=True), ("posted_at__isnull", False), _connector="OR"
                        ),
                        name="posted_says_when",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["SENDING", "UNKNOWN"])),
                        fields=("invoice",),
                        name="one_posting_in_flight_per_invoice",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("whmcs_id", models.PositiveBigIntegerField()),
                ("kind", models.CharField(blank=True, max_length=40)),
                ("related_id", models.BigIntegerField(default=0)),
                ("description", models.TextField(blank=True)),
                ("amount", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="whmcs.invoice"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("invoice", "whmcs_id"), name="one_row_per_whmcs_line")],
            },
        ),
        migrations.CreateModel(
            name="PostingTransition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.PositiveIntegerField()),
                ("from_state", models.CharField(blank=True, max_length=10)),
                ("to_state", models.CharField(max_length=10)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("moved_at", models.DateTimeField()),
                (
                    "posting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="transitions", to="whmcs.posting"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("posting", "sequence"), name="transition_sequence_unique")
                ],
            },
        ),
    ]
