"""`manage.py reapply_erasures [--from FILE] [--export FILE] [--json]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.operations.services import erasures
from payymo.shared.errors import DomainError


class Command(BaseCommand):
    """Carry out every erasure again, after a restore; or take the register along."""

    help = (
        "After a restore: carry out every erasure again, those of FILE too (--from). Before: write the register to "
        "FILE (--export), to be kept apart from the database; it names nobody. May be repeated."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="source", type=Path, help="a register that was exported")
        parser.add_argument("--export", type=Path, help="write the register and do nothing else")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["export"]:
                with options["export"].open("w", encoding="utf-8") as file:
                    result = {"exported": erasures.export_register(file)}
            else:
                if options["source"]:
                    with options["source"].open(encoding="utf-8") as file:
                        erasures.import_register(file)
                result = asdict(erasures.reapply_erasures(now=timezone.now()))
        except (DomainError, OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(result) if options["json"] else "\n".join(f"{k}: {v}" for k, v in result.items()))
