"""Suggestions, decisions, matches, rules, what was learned, and look-ups."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import payymo.shared.money


class Migration(migrations.Migration):
    replaces = [
        ("matching", "0001_initial"),
        ("matching", "0002_give_up"),
        ("matching", "0003_engine_models"),
        ("matching", "0004_settlements_can_be_shared_and_undone"),
        ("matching", "0005_rules"),
        ("matching", "0006_judged_decisions"),
        ("matching", "0007_weigh_what_is_known_of_payers"),
        ("matching", "0008_look_ups"),
        ("matching", "0009_full_run"),
        ("matching", "0010_plural_names"),
        ("matching", "0011_kana"),
        ("matching", "0012_teamwork"),
        ("matching", "0013_order_of_the_queue"),
        ("matching", "0014_payer_labels"),
        ("matching", "0015_entry_pairs"),
        ("matching", "0016_second_person"),
        ("matching", "0017_limits_by_currency"),
    ]

    initial = True

    dependencies = [
        ("banking", "0001_whole_schema"),
        ("payments", "0001_whole_schema"),
        ("whmcs", "0001_whole_schema"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayerProfile",
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
                        choices=[("account", "Account"), ("name", "Name"), ("text", "Name and text")], max_length=8
                    ),
                ),
                ("key", models.CharField(help_text="keyed hash of the account, or the folded name", max_length=200)),
                ("hits", models.PositiveIntegerField(default=0)),
                ("rejections", models.PositiveIntegerField(default=0)),
                ("last_seen_date", models.DateField()),
                ("is_blocked", models.BooleanField(default=False)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="payer_profiles", to="whmcs.client"
                    ),
                ),
                ("rejected_date", models.DateField(blank=True, null=True)),
                (
                    "rejected_weight",
                    models.FloatField(default=0, help_text="what the rejections weigh on their last day; as above"),
                ),
                (
                    "weight",
                    models.FloatField(
                        default=0, help_text="what the hits weigh on the day last seen; halves in 180 days"
                    ),
                ),
                ("label", models.CharField(blank=True, help_text="what people call this payer", max_length=80)),
            ],
            options={
                "indexes": [models.Index(fields=["last_seen_date", "id"], name="payer_last_seen")],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "key", "client"), name="one_profile_per_payer_and_client")
                ],
            },
        ),
        migrations.CreateModel(
            name="AutoApprovalPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_on", models.BooleanField(default=False)),
                (
                    "bands",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("exact", "Exact"),
                                ("likely", "Likely"),
                                ("possible", "Possible"),
                                ("none", "No suggestion"),
                            ],
                            max_length=8,
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                ("least_probability", models.FloatField(default=0.999)),
                (
                    "largest_amount",
                    payymo.shared.money.MoneyField(blank=True, decimal_places=3, max_digits=18, null=True),
                ),
                ("include_stripe", models.BooleanField(default=True)),
                ("changed_by_id", models.BigIntegerField(blank=True, null=True)),
                ("changed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "bank_accounts",
                    models.ManyToManyField(blank=True, related_name="auto_approval_policies", to="banking.bankaccount"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("least_probability__gte", 0.9), ("least_probability__lte", 1.0)),
                        name="policy_probability_sane",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EngineModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("number", models.PositiveIntegerField(unique=True)),
                ("version", models.CharField(max_length=40, unique=True)),
                ("base_version", models.CharField(help_text="the shipped weights that it corrects", max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[("IN_USE", "In use"), ("KEPT", "Kept"), ("REFUSED", "Refused")], max_length=8
                    ),
                ),
                ("added", models.JSONField(default=dict, help_text="what is added to each weight, in log-odds")),
                (
                    "curves",
                    models.JSONField(
                        default=dict, help_text="slope and shift per source; empty keeps the shipped ones"
                    ),
                ),
                ("evaluation", models.JSONField(default=dict, help_text="every figure of its report")),
                ("reason", models.CharField(blank=True, help_text="why it was refused", max_length=300)),
                (
                    "decisions",
                    models.PositiveIntegerField(default=0, help_text="people's decisions known when it was trained"),
                ),
                ("trained_at", models.DateTimeField(db_index=True)),
                ("used_since", models.DateTimeField(blank=True, null=True)),
                (
                    "chosen_by_id",
                    models.BigIntegerField(
                        blank=True, help_text="the person who chose it; training leaves it", null=True
                    ),
                ),
                ("chosen_by_name", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "IN_USE")), fields=("state",), name="one_engine_model_in_use"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MatchingRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("name", models.CharField(max_length=80)),
                ("position", models.PositiveIntegerField()),
                ("is_paused", models.BooleanField(default=False)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("remittance_text", models.CharField(blank=True, max_length=200)),
                ("remittance_is_pattern", models.BooleanField(default=False)),
                ("payer_text", models.CharField(blank=True, max_length=200)),
                ("payer_is_pattern", models.BooleanField(default=False)),
                (
                    "payer_account_hash",
                    models.CharField(blank=True, help_text="as the payment carries it", max_length=64),
                ),
                ("payer_account_last4", models.CharField(blank=True, max_length=4)),
                (
                    "direction",
                    models.CharField(blank=True, choices=[("in", "Money in"), ("out", "Money out")], max_length=3),
                ),
                ("currency", payymo.shared.money.CurrencyField(blank=True, max_length=3)),
                (
                    "least_amount",
                    payymo.shared.money.MoneyField(blank=True, decimal_places=3, max_digits=18, null=True),
                ),
                ("most_amount", payymo.shared.money.MoneyField(blank=True, decimal_places=3, max_digits=18, null=True)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("set_client", "Set the client"),
                            ("suggest_client", "Suggest a client"),
                            ("ignore", "Ignore"),
                            ("allow_automation", "Allow automatic approval"),
                            ("forbid_automation", "Never approve automatically"),
                            ("write_off_fee", "Write off a small shortage as a fee"),
                        ],
                        max_length=20,
                    ),
                ),
                ("ignore_reason", models.CharField(blank=True, max_length=40)),
                ("fee_limit", payymo.shared.money.MoneyField(blank=True, decimal_places=3, max_digits=18, null=True)),
                ("changed_by_id", models.BigIntegerField(blank=True, null=True)),
                ("changed_by_name", models.CharField(blank=True, max_length=120)),
                ("changed_at", models.DateTimeField()),
                (
                    "requeued_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="empty: payments that the last change may concern still wait to be looked at",
                        null=True,
                    ),
                ),
                ("last_run_at", models.DateTimeField(blank=True, null=True)),
                (
                    "bank_account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="matching_rules",
                        to="banking.bankaccount",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="matching_rules",
                        to="whmcs.client",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("removed_at", None)), fields=["position", "id"], name="rules_in_order"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bank_account__isnull", True),
                            ("currency", ""),
                            ("direction", ""),
                            ("payer_account_hash", ""),
                            ("payer_text", ""),
                            ("remittance_text", ""),
                            _negated=True,
                        ),
                        name="a_rule_has_a_condition",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("fee_limit__isnull", True),
                                ("least_amount__isnull", True),
                                ("most_amount__isnull", True),
                            ),
                            models.Q(("currency", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_rules_amounts_have_a_currency",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("action__in", ["set_client", "suggest_client"]), ("client__isnull", False)),
                            models.Q(
                                ("action", "ignore"),
                                ("client__isnull", True),
                                models.Q(("ignore_reason", ""), _negated=True),
                            ),
                            models.Q(
                                ("action", "write_off_fee"),
                                ("client__isnull", True),
                                ("fee_limit__gt", 0),
                                ("fee_limit__isnull", False),
                            ),
                            models.Q(
                                ("action__in", ["allow_automation", "forbid_automation"]), ("client__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="a_rules_action_has_what_it_needs",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AutomationStop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("OPEN", "Stopped"), ("RESUMED", "Resumed")], default="OPEN", max_length=8
                    ),
                ),
                ("raised_at", models.DateTimeField(db_index=True)),
                ("surprise", models.FloatField(help_text="the value of the watch; see the core's drift.py")),
                ("tolerated", models.FloatField(help_text="the share of corrections that the policy puts up with")),
                ("approved", models.PositiveIntegerField(help_text="automatic approvals that were watched")),
                ("corrected", models.PositiveIntegerField()),
                ("engine_version", models.CharField(max_length=40)),
                ("resumed_at", models.DateTimeField(blank=True, null=True)),
                ("resumed_by_id", models.BigIntegerField(blank=True, null=True)),
                ("resumed_by_name", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "OPEN")), fields=("state",), name="automation_stops_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClientNames",
            fields=[
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="whmcs.client",
                    ),
                ),
                (
                    "person",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), help_text="the comparable words of the person's name", size=None
                    ),
                ),
                (
                    "company",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), help_text="the comparable words of the company's name", size=None
                    ),
                ),
                ("email", models.CharField(blank=True, db_index=True, help_text="in lower case", max_length=254)),
            ],
        ),
        migrations.CreateModel(
            name="NumberPrefix",
            fields=[
                ("prefix", models.CharField(max_length=14, primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name="NameWord",
            fields=[
                ("word", models.TextField(db_collation="C", primary_key=True, serialize=False)),
                ("carriers", models.PositiveIntegerField(default=0)),
                (
                    "shortened",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(db_collation="C"), default=list, size=None
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["shortened"], name="name_word_shortened"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClientDomain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("domain", models.TextField(db_collation="C")),
                ("stem", models.TextField(db_collation="C")),
                ("last_seen_date", models.DateField(help_text="issue date of the newest invoice that names it")),
                (
                    "client",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="whmcs.client"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["stem"], name="client_domain_stem")],
                "constraints": [
                    models.UniqueConstraint(fields=("domain", "client"), name="one_row_per_domain_and_client")
                ],
            },
        ),
        migrations.CreateModel(
            name="ClientWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.TextField(db_collation="C")),
                (
                    "client",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="whmcs.client"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("word", "client"), name="one_row_per_word_and_client")],
            },
        ),
        migrations.CreateModel(
            name="InvoiceNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digits", models.TextField(db_collation="C")),
                ("is_running", models.BooleanField()),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="whmcs.invoice"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("digits", "is_running", "invoice"), name="one_row_per_number_and_invoice"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FullRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("looked_at", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None)),
                        fields=("finished_at",),
                        name="one_full_run_at_a_time",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("assignee_id", models.BigIntegerField(db_index=True, help_text="user")),
                ("assignee_name", models.CharField(max_length=120)),
                ("assigned_by_id", models.BigIntegerField(help_text="user")),
                ("assigned_at", models.DateTimeField()),
                (
                    "bank_transaction",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignment",
                        to="banking.banktransaction",
                    ),
                ),
                (
                    "stripe_payment",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignment",
                        to="payments.stripepayment",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("bank_transaction__isnull", False), ("stripe_payment__isnull", True)),
                            models.Q(("bank_transaction__isnull", True), ("stripe_payment__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_assignment_is_about_one_receipt",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("author_id", models.BigIntegerField(help_text="user")),
                ("author_name", models.CharField(max_length=120)),
                ("text", models.CharField(max_length=1000)),
                (
                    "mentions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        help_text="users named with @",
                        size=None,
                    ),
                ),
                ("written_at", models.DateTimeField()),
                (
                    "bank_transaction",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="comments",
                        to="banking.banktransaction",
                    ),
                ),
                (
                    "stripe_payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="comments",
                        to="payments.stripepayment",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("bank_transaction__isnull", False), ("stripe_payment__isnull", True)),
                            models.Q(("bank_transaction__isnull", True), ("stripe_payment__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_comment_is_about_one_receipt",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DismissedOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("key_hash", models.CharField(help_text="of the payer and the answer", max_length=64, unique=True)),
                ("dismissed_by_id", models.BigIntegerField(help_text="user")),
                ("dismissed_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(help_text="the filters and the order, as in the address", max_length=500)),
                ("owner_id", models.BigIntegerField(help_text="user")),
                ("owner_name", models.CharField(max_length=120)),
                ("is_shared", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("owner_id", "name"), name="one_view_per_owner_and_name")
                ],
            },
        ),
        migrations.CreateModel(
            name="TwoPersonLimit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", payymo.shared.money.CurrencyField(max_length=3, unique=True)),
                ("amount", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="two_person_limit_above_zero")
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
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
                        choices=[
                            ("APPROVE", "Approved"),
                            ("ALLOCATE", "Matched by hand"),
                            ("FIRST", "Approved, waits for a second person"),
                            ("REJECT", "Rejected"),
                            ("IGNORE", "Ignored"),
                            ("HOLD", "Put off"),
                            ("SETTLE", "Payout found on the bank account"),
                            ("PAIR", "Paired with another entry"),
                            ("UNDO", "Undone"),
                            ("WRONG", "Reported as wrong"),
                            ("GIVE_UP", "Posting given up"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("person", "Person"),
                            ("policy", "Auto-approval"),
                            ("rule", "Rule"),
                            ("staff", "Payymo staff"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "decided_by_id",
                    models.BigIntegerField(blank=True, help_text="user; empty for the policy", null=True),
                ),
                ("decided_by_name", models.CharField(blank=True, max_length=120)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("probability", models.FloatField(blank=True, null=True)),
                ("engine_version", models.CharField(blank=True, max_length=40)),
                ("decided_at", models.DateTimeField(db_index=True)),
                ("undo_until", models.DateTimeField(blank=True, null=True)),
                (
                    "bank_transaction",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="banking.banktransaction",
                    ),
                ),
                (
                    "stripe_payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="payments.stripepayment",
                    ),
                ),
                (
                    "undoes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="matching.decision",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="matching.matchingrule",
                    ),
                ),
                (
                    "corrects",
                    models.OneToOneField(
                        blank=True,
                        help_text="a posted decision that a person reports as wrong; the money is put right in WHMCS",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrected_by",
                        to="matching.decision",
                    ),
                ),
                (
                    "followed",
                    models.BooleanField(blank=True, help_text="whether what was suggested was decided", null=True),
                ),
                (
                    "suggested_band",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("exact", "Exact"),
                            ("likely", "Likely"),
                            ("possible", "Possible"),
                            ("none", "No suggestion"),
                        ],
                        help_text="of the best suggestion; empty when this does not judge it",
                        max_length=8,
                    ),
                ),
                (
                    "suggested_probability",
                    models.FloatField(blank=True, help_text="empty when nothing was suggested", null=True),
                ),
                (
                    "batch",
                    models.UUIDField(
                        blank=True, db_index=True, help_text="shared by what was approved in one go", null=True
                    ),
                ),
                (
                    "agreed",
                    models.CharField(
                        blank=True,
                        help_text="a first approval: hash of the invoices and amounts it means",
                        max_length=64,
                    ),
                ),
                (
                    "first_person_id",
                    models.BigIntegerField(blank=True, help_text="who gave it; never who decided this", null=True),
                ),
                (
                    "seconds",
                    models.ForeignKey(
                        blank=True,
                        help_text="the first approval that this one is the second to",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seconded_by",
                        to="matching.decision",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("bank_transaction__isnull", False), ("stripe_payment__isnull", True)),
                            models.Q(("bank_transaction__isnull", True), ("stripe_payment__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_decision_is_about_one_receipt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("first_person_id", None), ("seconds", None)),
                            models.Q(
                                ("decided_by_id__isnull", False),
                                ("first_person_id__isnull", False),
                                ("seconds__isnull", False),
                                ("source", "person"),
                                models.Q(("first_person_id", models.F("decided_by_id")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_second_person_is_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "FIRST"), _negated=True),
                            models.Q(("decided_by_id__isnull", False), models.Q(("agreed", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="a_first_approval_says_by_whom_of_what",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="matchingrule",
            name="made_from",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="rules_made",
                to="matching.decision",
            ),
        ),
        migrations.CreateModel(
            name="InvoiceMatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "amount",
                    payymo.shared.money.MoneyField(
                        decimal_places=3, help_text="negative on a row that reverses another", max_digits=18
                    ),
                ),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("allocated_at", models.DateTimeField()),
                (
                    "bank_transaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="banking.banktransaction",
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)s_set",
                        to="matching.decision",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)s_set", to="whmcs.invoice"
                    ),
                ),
                (
                    "posting",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)s_set",
                        to="whmcs.posting",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="matching.invoicematch",
                    ),
                ),
                (
                    "fee",
                    payymo.shared.money.MoneyField(
                        decimal_places=3,
                        default=0,
                        help_text="written off beside it: never received, posted to WHMCS as a fee",
                        max_digits=18,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "verbose_name_plural": "invoice matches",
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("rank", models.PositiveSmallIntegerField(default=1)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("OPEN", "To review"),
                            ("APPROVED", "Approved"),
                            ("REJECTED", "Rejected"),
                            ("SUPERSEDED", "Replaced"),
                        ],
                        default="OPEN",
                        max_length=10,
                    ),
                ),
                (
                    "band",
                    models.CharField(
                        choices=[
                            ("exact", "Exact"),
                            ("likely", "Likely"),
                            ("possible", "Possible"),
                            ("none", "No suggestion"),
                        ],
                        max_length=8,
                    ),
                ),
                ("kind", models.CharField(blank=True, max_length=20)),
                ("probability", models.FloatField()),
                ("is_tie", models.BooleanField(default=False)),
                ("is_certain", models.BooleanField(default=False, help_text="the engine's own rule allows automation")),
                ("reasons", models.JSONField(default=list)),
                ("why_not", models.JSONField(default=list)),
                ("none_reason", models.CharField(blank=True, max_length=40)),
                ("engine_version", models.CharField(max_length=40)),
                (
                    "amount",
                    payymo.shared.money.MoneyField(
                        decimal_places=3, help_text="of the receipt, for the order of the queue", max_digits=18
                    ),
                ),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                (
                    "bank_transaction",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposals",
                        to="banking.banktransaction",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="proposals",
                        to="whmcs.client",
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposals",
                        to="matching.decision",
                    ),
                ),
                (
                    "stripe_payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposals",
                        to="payments.stripepayment",
                    ),
                ),
                (
                    "rival",
                    models.JSONField(
                        blank=True, help_text="what it is measured against, and on what that lost", null=True
                    ),
                ),
                (
                    "rules",
                    models.JSONField(default=list, help_text="the rules that had a say: id, name, action, spans"),
                ),
                (
                    "ignore_rule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="proposals_to_ignore",
                        to="matching.matchingrule",
                    ),
                ),
                (
                    "due_date",
                    models.DateField(blank=True, help_text="the earliest of its invoices, for the order", null=True),
                ),
                (
                    "received_date",
                    models.DateField(blank=True, help_text="of the receipt, for the order of the queue", null=True),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("rank", 1), ("status", "OPEN")),
                        fields=["band", "amount", "id"],
                        name="proposal_queue",
                    ),
                    models.Index(
                        condition=models.Q(("ignore_rule__isnull", False), ("rank", 1), ("status", "OPEN")),
                        fields=["id"],
                        name="proposal_to_ignore",
                    ),
                    models.Index(
                        condition=models.Q(("rank", 1), ("status", "OPEN")),
                        fields=["received_date", "id"],
                        name="proposal_oldest",
                    ),
                    models.Index(
                        condition=models.Q(("rank", 1), ("status", "OPEN")),
                        fields=["due_date", "id"],
                        name="proposal_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("bank_transaction__isnull", False), ("stripe_payment__isnull", True)),
                            models.Q(("bank_transaction__isnull", True), ("stripe_payment__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_proposal_is_about_one_receipt",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "OPEN")),
                        fields=("bank_transaction", "rank"),
                        name="one_open_bank_proposal_per_rank",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "OPEN")),
                        fields=("stripe_payment", "rank"),
                        name="one_open_charge_proposal_per_rank",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProposalLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="proposal_lines", to="whmcs.invoice"
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="matching.proposal"
                    ),
                ),
                (
                    "fee",
                    payymo.shared.money.MoneyField(
                        decimal_places=3,
                        default=0,
                        help_text="missing, and written off by a rule: the invoice counts it as paid",
                        max_digits=18,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("proposal", "invoice"), name="one_line_per_invoice")],
            },
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "amount",
                    payymo.shared.money.MoneyField(
                        decimal_places=3, help_text="of the payout; the opposite on a return", max_digits=18
                    ),
                ),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("settled_at", models.DateTimeField()),
                (
                    "bank_transaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="banking.banktransaction",
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="settlements", to="matching.decision"
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="settlements", to="payments.payout"
                    ),
                ),
                (
                    "bank_amount",
                    payymo.shared.money.MoneyField(decimal_places=3, help_text="of the bank entry", max_digits=18),
                ),
                ("bank_currency", payymo.shared.money.CurrencyField(max_length=3)),
                (
                    "is_return",
                    models.BooleanField(default=False, help_text="the bank took a failed payout's money back"),
                ),
                (
                    "clue",
                    models.CharField(
                        blank=True, help_text="what connected the two; empty when a person did", max_length=12
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_settlements",
                        to="matching.decision",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_by", None)),
                        fields=("payout", "is_return"),
                        name="a_payout_is_settled_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("undone_by", None)),
                        fields=("payout", "bank_transaction"),
                        name="a_payout_once_per_entry",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StripeInvoiceMatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "amount",
                    payymo.shared.money.MoneyField(
                        decimal_places=3, help_text="negative on a row that reverses another", max_digits=18
                    ),
                ),
                ("currency", payymo.shared.money.CurrencyField(max_length=3)),
                ("allocated_at", models.DateTimeField()),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)s_set",
                        to="matching.decision",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)s_set", to="whmcs.invoice"
                    ),
                ),
                (
                    "posting",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)s_set",
                        to="whmcs.posting",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="matching.stripeinvoicematch",
                    ),
                ),
                (
                    "stripe_payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="payments.stripepayment",
                    ),
                ),
                (
                    "fee",
                    payymo.shared.money.MoneyField(
                        decimal_places=3,
                        default=0,
                        help_text="written off beside it: never received, posted to WHMCS as a fee",
                        max_digits=18,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "verbose_name": "Stripe invoice match",
                "verbose_name_plural": "Stripe invoice matches",
            },
        ),
        migrations.CreateModel(
            name="RuleHit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_at", models.DateTimeField()),
                ("is_wrong", models.BooleanField(default=False)),
                (
                    "bank_transaction",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rule_hits",
                        to="banking.banktransaction",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="hits", to="matching.matchingrule"
                    ),
                ),
                (
                    "stripe_payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rule_hits",
                        to="payments.stripepayment",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("bank_transaction__isnull", False), ("stripe_payment__isnull", True)),
                            models.Q(("bank_transaction__isnull", True), ("stripe_payment__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_hit_is_about_one_receipt",
                    ),
                    models.UniqueConstraint(
                        fields=("rule", "bank_transaction"), name="one_hit_per_rule_and_transaction"
                    ),
                    models.UniqueConstraint(fields=("rule", "stripe_payment"), name="one_hit_per_rule_and_charge"),
                ],
            },
        ),
        migrations.CreateModel(
            name="EntryPair",
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
                        choices=[("RETURN", "Returned payment"), ("TRANSFER", "Transfer between own accounts")],
                        max_length=8,
                    ),
                ),
                ("clue", models.CharField(help_text="what connected the two", max_length=12)),
                (
                    "dealt_with_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="a person has put right what the return means for a matched payment",
                        null=True,
                    ),
                ),
                ("dealt_with_by_id", models.BigIntegerField(blank=True, null=True)),
                ("paired_at", models.DateTimeField()),
                (
                    "decisions",
                    models.ManyToManyField(
                        help_text="one of each side set aside", related_name="pairs", to="matching.decision"
                    ),
                ),
                (
                    "earlier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pairs_as_earlier",
                        to="banking.banktransaction",
                    ),
                ),
                (
                    "later",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pairs_as_later",
                        to="banking.banktransaction",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_pairs",
                        to="matching.decision",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_by", None)), fields=("earlier",), name="an_entry_is_returned_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("undone_by", None)), fields=("later",), name="an_entry_returns_one_other"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("earlier", models.F("later")), _negated=True), name="a_pair_has_two_sides"
                    ),
                ],
            },
        ),
    ]
