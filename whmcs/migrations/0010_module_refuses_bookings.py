from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("whmcs", "0009_the_addon_module")]

    operations = [
        migrations.AddField(
            model_name="addonmodule",
            name="bookings_refused_at",
            field=models.DateTimeField(
                blank=True, help_text="when it last took no posting; the API is used for an hour", null=True
            ),
        ),
    ]
