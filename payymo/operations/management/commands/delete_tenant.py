"""`manage.py delete_tenant --tenant SLUG --confirm SLUG (--export FILE | --finish | --undo)`, or `--all-due`."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.audit.acting import Acting
from payymo.operations.services import deletion
from payymo.shared.errors import DomainError
from tenants import context

_OPERATOR = Acting("operator")


class Command(BaseCommand):
    """Delete a tenant in two steps, with an archive and days in which it can be undone."""

    help = (
        "Delete a tenant. --export stops it, writes everything to FILE and lets the days of grace begin; --undo keeps "
        "it after all; --finish, once they are over, destroys its key, its schema and its rows. Can be stopped and "
        "repeated anywhere."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="the tenant's slug")
        parser.add_argument("--confirm", default="", help="the slug once more")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--export", type=Path, help="begin: the archive to write; it must not exist")
        what.add_argument("--undo", action="store_true", help="keep the tenant; it is suspended then")
        what.add_argument("--finish", action="store_true", help="destroy it, once the days of grace are over")
        what.add_argument("--all-due", action="store_true", help="destroy every tenant whose days are over")
        parser.add_argument("--grace-days", type=int, default=deletion.GRACE_DAYS, help="default: 30")
        parser.add_argument("--accept-unreadable", action="store_true", help="although some sealed values do not open")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["tenant"]
        if not options["all_due"] and (not slug or options["confirm"] != slug):
            raise CommandError("Name the tenant twice: --tenant SLUG --confirm SLUG. Nothing was done.", returncode=2)
        try:
            results = list(self._act(slug, options))
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps([{"tenant": name, "is": text} for name, text in results]))
        else:
            for name, text in results:
                self.stdout.write(f"{name}: {text}")

    def _act(self, slug: str, options: dict[str, Any]) -> Any:
        now = timezone.now()
        if options["export"]:
            grace = timedelta(days=options["grace_days"])
            begun = deletion.begin(
                slug=slug, archive=options["export"], grace=grace, by=_OPERATOR, now=now,
                accepts_unreadable=options["accept_unreadable"],
            )  # fmt: skip
            yield slug, f"stopped, {begun.export_rows} rows exported; destroyed after {begun.due_at:%Y-%m-%d %H:%M} UTC"
        elif options["undo"]:
            yield slug, deletion.undo(slug=slug, by=_OPERATOR, now=now).state
        elif options["finish"]:
            deletion.finish(deletion=deletion.open_deletion(slug=slug), now=now)
            yield slug, "destroyed"
        else:
            for found in deletion.due(now=now):
                deletion.finish(deletion=found, now=now)
                yield found.slug, "destroyed"
