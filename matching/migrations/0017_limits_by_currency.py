"""Above which amount two persons decide is said by currency, and the database knows that the second is another."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import payymo.shared.money


def keep_the_amount(apps, schema_editor):
    """What held for every currency goes on holding for those in which payments come in."""
    most = apps.get_model("matching", "AutoApprovalPolicy").objects.exclude(two_person_above=None).first()
    if most is None:
        return
    limit = apps.get_model("matching", "TwoPersonLimit")
    for app, name in (("banking", "BankAccount"), ("payments", "StripePayment")):
        for currency in apps.get_model(app, name).objects.order_by().values_list("currency", flat=True).distinct():
            limit.objects.get_or_create(currency=currency, defaults={"amount": most.two_person_above})


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0001_initial"),
        ("matching", "0016_second_person"),
        ("payments", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="TwoPersonLimit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", payymo.shared.money.CurrencyField(max_length=3, unique=True)),
                ("amount", payymo.shared.money.MoneyField(decimal_places=3, max_digits=18)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=Q(amount__gt=0), name="two_person_limit_above_zero")],
            },
        ),
        migrations.RunPython(keep_the_amount, migrations.RunPython.noop),
        migrations.RemoveField(model_name="autoapprovalpolicy", name="two_person_above"),
        migrations.AddField(
            model_name="decision",
            name="first_person_id",
            field=models.BigIntegerField(blank=True, help_text="who gave it; never who decided this", null=True),
        ),
        migrations.AddField(
            model_name="decision",
            name="seconds",
            field=models.ForeignKey(
                blank=True,
                help_text="the first approval that this one is the second to",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="seconded_by",
                to="matching.decision",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=Q(seconds=None, first_person_id=None)
                | Q(seconds__isnull=False, first_person_id__isnull=False, decided_by_id__isnull=False, source="person")
                & ~Q(first_person_id=F("decided_by_id")),
                name="a_second_person_is_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=~Q(kind="FIRST") | Q(decided_by_id__isnull=False) & ~Q(agreed=""),
                name="a_first_approval_says_by_whom_of_what",
            ),
        ),
    ]
