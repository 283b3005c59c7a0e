"""A key that signs tokens is published before it signs."""

import django.utils.timezone
from django.db import migrations, models


def say_since_when(apps, schema_editor):
    apps.get_model("accounts", "SigningKey").objects.update(signs_from=models.F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_persons_erase")]

    operations = [
        migrations.AddField(
            model_name="signingkey",
            name="signs_from",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                help_text="published before, so that nobody meets its tokens without it",
            ),
            preserve_default=False,
        ),
        migrations.RunPython(say_since_when, migrations.RunPython.noop),
    ]
