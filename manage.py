#!/usr/bin/env python
"""Payymo's command line: `manage.py help` lists every command."""

import os
import sys


def _reads_files_only(arguments: list[str]) -> bool:
    """Return whether the command needs neither database nor secrets."""
    if arguments[:1] in (["match_files"], ["compile_core"]):
        return True
    return arguments[:1] == ["import_statement"] and "--dry-run" in arguments


# They make, change or drop tables and schemas, or read the whole database.
_OF_THE_OWNER = frozenset(
    {
        *("backup", "create_tenant", "delete_tenant", "grant_roles", "migrate", "migrate_schemas", "migrate_tenants"),
        *("restore", "seed_demo", "sqlmigrate", "makemigrations"),
    }
)


def main() -> None:
    """Run one management command; what is wrong with the settings is one line and exit status 2."""
    module = "payymo.settings_offline" if _reads_files_only(sys.argv[1:]) else "payymo.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", module)
    if _OF_THE_OWNER.intersection(sys.argv[1:2]):
        os.environ["PAYYMO_AS_OWNER"] = "1"
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.INSTALLED_APPS  # noqa: B018 - reads the settings now, where their errors can be said in one line
    except ImproperlyConfigured as error:
        sys.stderr.write(f"manage.py: {error} See .env.example, or run `make demo`.\n")
        sys.exit(2)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
