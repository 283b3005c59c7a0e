"""Members who see some bank accounts only, and a right of its own for reports over all of them."""

from django.db import migrations, models

from accounts.permissions import sync_builtin_roles


def renew_roles(apps, schema_editor):
    sync_builtin_roles(apps.get_model("accounts", "Role"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_second_factor")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="is_limited",
            field=models.BooleanField(
                default=False, help_text="sees the payments of the bank accounts granted to them, and nothing else"
            ),
        ),
        migrations.RunPython(renew_roles, migrations.RunPython.noop),
    ]
