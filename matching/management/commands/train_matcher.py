"""`manage.py train_matcher --tenant SLUG [--dry-run] [--report DIR] [--json]`."""

import json
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from matching.services import evaluation_report, training
from payymo.shared.errors import DomainError
from tenants import context
from tenants.services.provisioning import find_tenant


class Command(BaseCommand):
    """Learn from one tenant's decisions."""

    help = (
        "Learn from a tenant's decisions, prove it on later ones, and take the new version into use unless it is "
        "worse than the present one on the same payments."
    )

    # Django's checks load every page, which takes longer than all else here.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--dry-run", action="store_true", help="train and measure, write nothing")
        parser.add_argument("--report", type=Path, metavar="DIR", help="write the evaluation report into this folder")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        say = (lambda _: None) if options["json"] else self.stderr.write
        now = timezone.now()
        try:
            if options["report"] is not None:
                options["report"].mkdir(parents=True, exist_ok=True)
            with context.inside(find_tenant(slug=options["tenant"])):
                trained = training.train(now=now, dry_run=options["dry_run"], progress=say)
                if options["report"] is not None and trained.evaluation:
                    _write(options["report"], trained, now=now)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}", returncode=2) from error
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(_result(trained)))
        else:
            self.stdout.write(trained.sentence())


def _write(folder: Path, trained: training.Trained, *, now: datetime) -> None:
    """Write the report's files."""
    version = trained.evaluation["candidate"]["version"]
    report = evaluation_report.Report(version, now, trained.sentence(), trained.evaluation)
    for name, text in evaluation_report.files(report).items():
        (folder / name).write_text(text, encoding="utf-8")


def _result(trained: training.Trained) -> dict[str, Any]:
    return {
        "outcome": trained.outcome,
        "version": trained.row.version if trained.row is not None else None,
        "reason": trained.reason,
        "decisions": trained.decisions,
        "evaluation": trained.evaluation,
    }
