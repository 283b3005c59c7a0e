"""The permission to download everything of the company."""

from django.db import migrations

from accounts.permissions import sync_builtin_roles


def sync(apps, schema_editor):
    sync_builtin_roles(apps.get_model("accounts", "Role"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_addon_module")]

    operations = [migrations.RunPython(sync, migrations.RunPython.noop)]
