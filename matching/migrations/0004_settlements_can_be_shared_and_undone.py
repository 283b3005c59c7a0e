"""A bank entry may hold several payouts, a payout may be returned, and a settlement can be taken back."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import payymo.shared.money


def equal_amounts(apps, schema_editor):
    """Write the bank's side of what was found so far: it was equal to the payout."""
    settlements = apps.get_model("matching", "Settlement").objects
    settlements.update(bank_amount=F("amount"), bank_currency=F("currency"))


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0001_initial"),
        ("payments", "0002_what_a_payout_is_made_of"),
        ("matching", "0003_engine_models"),
    ]

    operations = [
        migrations.AddField(
            "settlement",
            "bank_amount",
            payymo.shared.money.MoneyField(decimal_places=3, default=0, help_text="of the bank entry", max_digits=18),
            preserve_default=False,
        ),
        migrations.AddField(
            "settlement",
            "bank_currency",
            payymo.shared.money.CurrencyField(default="", max_length=3),
            preserve_default=False,
        ),
        migrations.RunPython(equal_amounts, migrations.RunPython.noop, elidable=True),
        migrations.AddField(
            "settlement",
            "is_return",
            models.BooleanField(default=False, help_text="the bank took a failed payout's money back"),
        ),
        migrations.AddField(
            "settlement",
            "clue",
            models.CharField(blank=True, help_text="what connected the two; empty when a person did", max_length=12),
        ),
        migrations.AddField(
            "settlement",
            "undone_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone_settlements",
                to="matching.decision",
            ),
        ),
        migrations.AlterField(
            "settlement",
            "amount",
            payymo.shared.money.MoneyField(
                decimal_places=3, help_text="of the payout; the opposite on a return", max_digits=18
            ),
        ),
        migrations.AlterField(
            "settlement",
            "decision",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="settlements", to="matching.decision"
            ),
        ),
        migrations.AlterField(
            "settlement",
            "payout",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="settlements", to="payments.payout"
            ),
        ),
        migrations.AlterField(
            "settlement",
            "bank_transaction",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="settlements", to="banking.banktransaction"
            ),
        ),
        migrations.AddConstraint(
            "settlement",
            models.UniqueConstraint(
                condition=Q(undone_by=None), fields=("payout", "is_return"), name="a_payout_is_settled_once"
            ),
        ),
        migrations.AddConstraint(
            "settlement",
            models.UniqueConstraint(
                condition=Q(undone_by=None), fields=("payout", "bank_transaction"), name="a_payout_once_per_entry"
            ),
        ),
    ]
