from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whmcs", "0003_when_services_stop"),
    ]

    operations = [
        migrations.AddField(
            model_name="whmcsinstance",
            name="is_paused",
            field=models.BooleanField(
                default=False,
                help_text="left alone by a person: not read, and nothing new is sent; beside the state, so that "
                "a test or a new credential does not resume it",
            ),
        ),
    ]
