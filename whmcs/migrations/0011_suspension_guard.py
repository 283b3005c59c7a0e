"""The suspension guard, and what the last test of a connection found."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """New columns, with defaults."""

    dependencies = [("whmcs", "0010_module_refuses_bookings")]

    operations = [
        migrations.AddField(
            model_name="whmcsinstance",
            name="guard_days",
            field=models.PositiveSmallIntegerField(
                default=3,
                help_text="how long a payment that waits here holds mails and suspensions there, 0 to 14; 0: not",
            ),
        ),
        migrations.AddField(
            model_name="whmcsinstance",
            name="found",
            field=models.JSONField(
                default=dict, help_text="what its last test found: currencies, payment methods, dates"
            ),
        ),
        migrations.AddConstraint(
            model_name="whmcsinstance",
            constraint=models.CheckConstraint(
                condition=models.Q(("guard_days__lte", 14)), name="guard_at_most_14_days"
            ),
        ),
    ]
