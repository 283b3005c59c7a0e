"""Bank connections, accounts, statements and entries."""

import uuid

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models

import payymo.shared.money


class Migration(migrations.Migration):
    replaces = [
        ("banking", "0001_initial"),
        ("banking", "0002_bank_entry_id"),
        ("banking", "0003_raw_fetch_window"),
        ("banking", "0004_fetch_asked_at"),
        ("banking", "0005_access_days"),
        ("banking", "0006_noted_apart"),
        ("banking", "0007_plural_names"),
        ("banking", "0008_erasing"),
        ("banking", "0009_more_providers"),
        ("banking", "0010_statement_spans"),
        ("banking", "0011_order_of_lists"),
        ("banking", "0012_return_sign"),
        ("banking", "0013_consent_warnings"),
        ("banking", "0014_archives"),
        ("banking", "0015_found_texts"),
    ]

    initial = True

    dependencies = [
        ("tenants", "0001_whole_schema"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProviderKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "provider",
                    models.CharField(
                        choices=[
                            ("enable_banking", "Enable Banking"),
                            ("gocardless_bad", "GoCardless Bank Account Data"),
                            ("simplefin", "SimpleFIN Bridge"),
                        ],
                        max_length=20,
                        unique=True,
                    ),
                ),
                ("secret_id_sealed", models.BinaryField()),
                ("secret_key_sealed", models.BinaryField()),
                ("access_sealed", models.BinaryField(blank=True, default=b"")),
                ("access_expires_at", models.DateTimeField(blank=True, null=True)),
                ("refresh_sealed", models.BinaryField(blank=True, default=b"")),
                ("refresh_expires_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="BankConnection",
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
                (
                    "provider",
                    models.CharField(
                        choices=[
                            ("enable_banking", "Enable Banking"),
                            ("gocardless_bad", "GoCardless Bank Account Data"),
                            ("simplefin", "SimpleFIN Bridge"),
                        ],
                        default="gocardless_bad",
                        max_length=20,
                    ),
                ),
                ("institution_id", models.CharField(max_length=120)),
                ("institution_name", models.CharField(max_length=200)),
                ("country", models.CharField(max_length=2)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("PENDING", "Waiting for your consent"),
                            ("LINKED", "Connected"),
                            ("EXPIRED", "Consent ended"),
                            ("SUSPENDED", "Suspended by the provider"),
                            ("FAILED", "Not finished"),
                            ("REVOKED", "Removed"),
                        ],
                        default="PENDING",
                        max_length=12,
                    ),
                ),
                (
                    "consent_id",
                    models.CharField(blank=True, help_text="the provider's id of the consent", max_length=64),
                ),
                (
                    "attempt_id",
                    models.CharField(blank=True, help_text="its id of the agreement or of the attempt", max_length=64),
                ),
                ("consent_link", models.URLField(blank=True, max_length=2000)),
                (
                    "callback_hash",
                    models.CharField(blank=True, help_text="SHA-256 of the one-time callback reference", max_length=64),
                ),
                ("callback_until", models.DateTimeField(blank=True, null=True)),
                ("started_by_id", models.BigIntegerField(blank=True, help_text="user who must come back", null=True)),
                ("history_days", models.PositiveIntegerField(default=90)),
                ("consent_ends_at", models.DateTimeField(blank=True, null=True)),
                (
                    "renews",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="renewed_by",
                        to="banking.bankconnection",
                    ),
                ),
                (
                    "access_days",
                    models.PositiveIntegerField(default=90, help_text="how long the consent lasts once it is given"),
                ),
                ("data_erased_at", models.DateTimeField(blank=True, null=True)),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, help_text="the tenant wants its data erased", null=True),
                ),
                (
                    "credential_sealed",
                    models.BinaryField(
                        blank=True,
                        default=b"",
                        help_text="what opens this one consent, or what came back and is still to be exchanged",
                    ),
                ),
                (
                    "warned_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="the last warning of its end that was sent: 30, 14, 7 or 1 days before",
                        null=True,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="BankAccount",
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
                (
                    "stable_key",
                    models.CharField(
                        help_text="keyed hash of IBAN (or other id) + currency", max_length=80, unique=True
                    ),
                ),
                ("provider_account_id", models.CharField(blank=True, db_index=True, max_length=200)),
                ("iban_sealed", models.BinaryField(blank=True, default=b"")),
                ("iban_hash", models.CharField(blank=True, db_index=True, max_length=64)),
                ("iban_last4", models.CharField(blank=True, max_length=4)),
                ("name", models.CharField(blank=True, max_length=140)),
                ("owner_name", models.CharField(blank=True, max_length=140)),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                (
                    "booked_balance",
                    payymo.shared.money.MoneyField(blank=True, decimal_places=3, max_digits=18, null=True),
                ),
                ("booked_balance_at", models.DateTimeField(blank=True, null=True)),
                (
                    "cursor_date",
                    models.DateField(blank=True, help_text="every booking day before it is complete", null=True),
                ),
                ("is_paused", models.BooleanField(default=False)),
                (
                    "connection",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="accounts",
                        to="banking.bankconnection",
                    ),
                ),
                (
                    "fetch_asked_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="a person wants it fetched now: the call kept back for that may be used",
                        null=True,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PendingEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("expected_date", models.DateField(blank=True, null=True)),
                ("amount", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("counterparty_name", models.CharField(blank=True, max_length=200)),
                ("remittance_information", models.TextField(blank=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pending_entries",
                        to="banking.bankaccount",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RawFetch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("fetched_at", models.DateTimeField()),
                ("payload_sealed", models.BinaryField()),
                ("processed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "refused",
                    models.JSONField(default=list, help_text="entries that could not be read: position and reason"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="raw_fetches",
                        to="banking.bankaccount",
                    ),
                ),
                (
                    "complete_from",
                    models.DateField(blank=True, help_text="the first booking day that was asked for", null=True),
                ),
                ("complete_until", models.DateField(blank=True, null=True)),
                (
                    "noted",
                    models.JSONField(
                        default=list, help_text="what a person should look at although nothing was refused"
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        choices=[
                            ("enable_banking", "Enable Banking"),
                            ("gocardless_bad", "GoCardless Bank Account Data"),
                            ("simplefin", "SimpleFIN Bridge"),
                        ],
                        default="gocardless_bad",
                        max_length=20,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "verbose_name_plural": "raw fetches",
            },
        ),
        migrations.CreateModel(
            name="StatementImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("file_sha256", models.CharField(max_length=64)),
                ("file_sealed", models.BinaryField()),
                ("format", models.CharField(blank=True, max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("NEEDS_MAPPING", "Choose the columns"),
                            ("READY", "Ready to import"),
                            ("COMMITTED", "Imported"),
                            ("DISCARDED", "Discarded"),
                        ],
                        max_length=16,
                    ),
                ),
                ("mapping", models.JSONField(blank=True, help_text="the columns of a CSV file", null=True)),
                ("opening", payymo.shared.money.MoneyField(blank=True, decimal_places=3, max_digits=18, null=True)),
                ("closing", payymo.shared.money.MoneyField(blank=True, decimal_places=3, max_digits=18, null=True)),
                ("currency", payymo.shared.money.CurrencyField(blank=True, max_length=3)),
                (
                    "proved",
                    models.BooleanField(
                        help_text="opening + entries = closing; empty when the file has no balances", null=True
                    ),
                ),
                ("new_count", models.PositiveIntegerField(default=0)),
                ("known_count", models.PositiveIntegerField(default=0)),
                ("refused", models.JSONField(default=list, help_text="line and reason of each refused entry")),
                ("uploaded_by_id", models.BigIntegerField(blank=True, null=True)),
                ("committed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statement_imports",
                        to="banking.bankaccount",
                    ),
                ),
                (
                    "noted",
                    models.JSONField(
                        default=list, help_text="line and reason of what to look at; line 0 is the whole file"
                    ),
                ),
                (
                    "spans",
                    models.JSONField(
                        default=list, help_text="first and last day, balances and number of each statement in it"
                    ),
                ),
                (
                    "archive",
                    models.UUIDField(
                        blank=True,
                        db_index=True,
                        help_text="the same for the files that were uploaded in one ZIP archive",
                        null=True,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "COMMITTED")),
                        fields=("account", "file_sha256"),
                        name="a_file_is_imported_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BankTransaction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "identity",
                    models.CharField(
                        help_text="the bank's id, or a fingerprint with its ordinal in the day", max_length=160
                    ),
                ),
                ("fingerprint", models.CharField(db_index=True, max_length=64)),
                ("booking_date", models.DateField()),
                ("value_date", models.DateField(blank=True, null=True)),
                (
                    "amount",
                    payymo.shared.money.MoneyField(
                        decimal_places=3, help_text="signed from the account's view: credits positive", max_digits=18
                    ),
                ),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("counterparty_name", models.CharField(blank=True, max_length=200)),
                ("counterparty_iban_sealed", models.BinaryField(blank=True, default=b"")),
                ("counterparty_hash", models.CharField(blank=True, db_index=True, max_length=64)),
                ("counterparty_last4", models.CharField(blank=True, max_length=4)),
                ("remittance_information", models.TextField(blank=True)),
                ("structured_reference", models.CharField(blank=True, max_length=140)),
                ("end_to_end_id", models.CharField(blank=True, max_length=140)),
                ("bank_reference", models.CharField(blank=True, max_length=140)),
                ("bank_transaction_code", models.CharField(blank=True, max_length=80)),
                (
                    "original_amount",
                    payymo.shared.money.MoneyField(blank=True, decimal_places=3, max_digits=18, null=True),
                ),
                ("original_currency", payymo.shared.money.CurrencyField(blank=True, max_length=3)),
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
                (
                    "allocated",
                    payymo.shared.money.MoneyField(
                        decimal_places=3,
                        default=0,
                        help_text="sum of its allocations; never beyond the amount",
                        max_digits=18,
                    ),
                ),
                ("ignored_reason", models.CharField(blank=True, max_length=40)),
                ("held_until", models.DateField(blank=True, null=True)),
                (
                    "proposed_at",
                    models.DateTimeField(blank=True, help_text="empty: waits for the matching engine", null=True),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transactions",
                        to="banking.bankaccount",
                    ),
                ),
                (
                    "raw_fetch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="transactions",
                        to="banking.rawfetch",
                    ),
                ),
                (
                    "statement_import",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transactions",
                        to="banking.statementimport",
                    ),
                ),
                (
                    "bank_entry_id",
                    models.CharField(
                        blank=True,
                        help_text="the id under which the bank lists it by API; banks reuse these",
                        max_length=140,
                    ),
                ),
                (
                    "erased_at",
                    models.DateTimeField(blank=True, help_text="when what named a person was erased", null=True),
                ),
                (
                    "provider",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("enable_banking", "Enable Banking"),
                            ("gocardless_bad", "GoCardless Bank Account Data"),
                            ("simplefin", "SimpleFIN Bridge"),
                        ],
                        help_text="who delivered it; empty: it came in a file",
                        max_length=20,
                    ),
                ),
                (
                    "return_sign",
                    models.CharField(
                        blank=True, help_text="who calls it a return: the bank, or only its text", max_length=4
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "booking_date"], name="tx_account_day"),
                    models.Index(fields=["state", "booking_date"], name="tx_state_day"),
                    models.Index(
                        condition=models.Q(("proposed_at", None)), fields=["id"], name="tx_waits_for_proposal"
                    ),
                    models.Index(fields=["booking_date", "id"], name="tx_day"),
                    models.Index(
                        condition=models.Q(("held_until__isnull", False)), fields=["held_until"], name="tx_held"
                    ),
                    models.Index(
                        condition=models.Q(("return_sign", ""), _negated=True), fields=["id"], name="tx_returns"
                    ),
                    models.Index(fields=["amount", "id"], name="tx_amount"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("counterparty_name"), "gin_trgm_ops"
                        ),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("remittance_information"), "gin_trgm_ops"
                        ),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("structured_reference"), "gin_trgm_ops"
                        ),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("end_to_end_id"), "gin_trgm_ops"
                        ),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("bank_reference"), "gin_trgm_ops"
                        ),
                        name="tx_texts",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "identity"), name="transaction_identity_unique_in_account"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("allocated", 0),
                            models.Q(("allocated__gt", 0), ("allocated__lte", models.F("amount"))),
                            _connector="OR",
                        ),
                        name="transaction_allocated_within_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "IGNORED"), _negated=True), ("allocated", 0), _connector="OR"
                        ),
                        name="an_ignored_transaction_holds_no_allocation",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountQuota",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "scope",
                    models.CharField(
                        choices=[("details", "details"), ("balances", "balances"), ("transactions", "transactions")],
                        max_length=12,
                    ),
                ),
                ("limit", models.PositiveIntegerField(default=4)),
                ("used", models.PositiveIntegerField(default=0)),
                ("resets_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="quotas", to="banking.bankaccount"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("account", "scope"), name="one_quota_per_account_and_scope")
                ],
            },
        ),
    ]
