"""Numbers by which customers name an invoice beside its own."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """New columns, with defaults."""

    dependencies = [("whmcs", "0011_suspension_guard")]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="other_numbers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=80),
                default=list,
                help_text="its number before it was paid, its order's, and those of mass payments that hold it",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="moduleevent",
            name="order_number",
            field=models.CharField(blank=True, max_length=40),
        ),
    ]
