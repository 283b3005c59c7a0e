"""`manage.py permission_table [--out FILE]`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from payymo.operations.services.permission_table import table


class Command(BaseCommand):
    """Write who may call what, as docs/security/permissions.md shows it."""

    help = "Write who may call what, from the code, as docs/security/permissions.md shows it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, help="the file to write; without it the table is printed")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["out"] is None:
            self.stdout.write(table(), ending="")
        else:
            options["out"].write_text(table(), encoding="utf-8")
