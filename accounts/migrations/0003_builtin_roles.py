"""The roles viewer, reviewer, admin and owner exist in every installation."""

from django.db import migrations

from accounts.permissions import sync_builtin_roles


def add_roles(apps, schema_editor):
    sync_builtin_roles(apps.get_model("accounts", "Role"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_session_stamp_and_idempotency")]

    operations = [migrations.RunPython(add_roles, migrations.RunPython.noop)]
