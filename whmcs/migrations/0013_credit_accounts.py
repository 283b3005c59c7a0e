"""Money that is for no invoice becomes the client's credit."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One row a client at most, made when it is first needed."""

    dependencies = [("whmcs", "0012_other_numbers")]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="is_credit_account",
            field=models.BooleanField(
                default=False,
                help_text="no invoice of WHMCS: stands for the client's credit, which takes money without one",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_credit_account", True)),
                fields=("client",),
                name="one_credit_account_per_client",
            ),
        ),
    ]
