"""A right of its own for the key of the addon module in WHMCS."""

from django.db import migrations

from accounts.permissions import sync_builtin_roles


def renew_roles(apps, schema_editor):
    sync_builtin_roles(apps.get_model("accounts", "Role"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_consent_warnings")]

    operations = [migrations.RunPython(renew_roles, migrations.RunPython.noop)]
