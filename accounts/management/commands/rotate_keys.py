"""`manage.py rotate_keys [--dry-run] [--json]`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services.key_rotation import rotate
from payymo.audit.acting import Acting
from payymo.audit.services.recording import record_platform


class Command(BaseCommand):
    """Move everything that an old master key seals to the present one."""

    help = (
        "Move everything that an old master key seals to the present one. Set PAYYMO_MASTER_KEY=2:NEW,1:OLD "
        "(docs/guide/operator.md), run this, then drop the old key. "
        "Can be stopped and repeated. Exit status 1 if something opens with no key."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count only")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        result = rotate(dry_run=options["dry_run"])
        if result.moved and not options["dry_run"]:
            details = {"moved": result.moved, "unreadable": result.unreadable}
            record_platform(action="keys.rotated", by=Acting("operator"), details=details)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(result)))
        else:
            moved = "to move" if options["dry_run"] else "moved"
            self.stdout.write(f"{result.moved} {moved}, {result.current} on the present key already.")
        if result.unreadable:
            raise CommandError(
                f"{result.unreadable} values open with no key: is an old key missing from PAYYMO_OLD_MASTER_KEYS?",
                returncode=1,
            )
