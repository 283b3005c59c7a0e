"""Administrators and owners may read the audit log."""

from django.db import migrations

from accounts.permissions import sync_builtin_roles


def renew_roles(apps, schema_editor):
    sync_builtin_roles(apps.get_model("accounts", "Role"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_builtin_roles")]

    operations = [migrations.RunPython(renew_roles, migrations.RunPython.noop)]
