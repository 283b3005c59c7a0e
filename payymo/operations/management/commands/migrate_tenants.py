"""`manage.py migrate_tenants [--tenant SLUG] [--json]`."""

import json
import subprocess
import sys
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from payymo.shared.errors import DomainError
from tenants.services import migrating, roles
from tenants.services.provisioning import find_tenant

_LONGEST_SECONDS = 4 * 3600
_TEMPLATE = "the template"


class Command(BaseCommand):
    """Bring the shared schema, the template and every tenant to this release, each in a process of its own."""

    help = (
        "Bring the shared schema, the template and every tenant that is behind to this release, each in a process of "
        "its own. A tenant is answered 503 until it is done; one that fails is reported and the others go on. Can be "
        "stopped and repeated. Exit status 1 if a tenant is left behind."
    )
    # The database may be empty, and older than the models.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="only this tenant")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument("--here", choices=["template", "tenant"], help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["here"]:
            self._in_this_process(options["here"], options["tenant"])
            return
        if options["tenant"]:
            slugs = [find_tenant(slug=options["tenant"]).slug]
        else:
            self._check_shared()
            # Unchecked, as this command: loading every page takes longer than finding nothing to migrate.
            self._must("the shared schema", "migrate_schemas", "--shared", "--noinput", "--skip-checks", "-v", "0")
            if not migrating.template_is_current():
                self._must(_TEMPLATE, "migrate_tenants", "--here", "template")
            roles.grant("public")
            slugs = list(migrating.behind().values_list("slug", flat=True))
        connection.close()
        failed = self._one_by_one(slugs, quiet=options["json"])
        # What somebody else had locked a moment ago may be free now.
        failed = self._one_by_one(list(failed), quiet=options["json"]) if failed else {}
        self._report(slugs, failed, as_json=options["json"])

    def _in_this_process(self, what: str, slug: str) -> None:
        try:
            if what == "template":
                migrating.ensure_template()
            else:
                migrating.migrate_tenant(tenant=find_tenant(slug=slug))
        except (DomainError, DatabaseError) as error:
            raise CommandError(" ".join(str(error).split())[:400], returncode=1) from error

    @staticmethod
    def _check_shared() -> None:
        try:
            migrating.check_whole("public")
        except migrating.BetweenReleases as error:
            raise CommandError(f"{error} No tenant was touched.", returncode=1) from error

    def _must(self, what: str, *arguments: str) -> None:
        problem = self._run(*arguments)
        if problem:
            raise CommandError(f"{what} cannot be brought up to date: {problem} No tenant was touched.", returncode=1)

    def _one_by_one(self, slugs: list[str], *, quiet: bool) -> dict[str, str]:
        failed = {}
        for slug in slugs:
            problem = self._run("migrate_tenants", "--here", "tenant", "--tenant", slug)
            if problem:
                failed[slug] = problem
            if not quiet:
                self.stdout.write(f"{slug}: {problem or 'up to date'}")
        return failed

    def _run(self, *arguments: str) -> str:
        """Run a command of ours in a fresh process and return what was wrong, empty when nothing was."""
        done = subprocess.run(  # noqa: S603 - our own interpreter and command  # nosec B603
            [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
            capture_output=True, text=True, timeout=_LONGEST_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return ""
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        return lines[-1].removeprefix("CommandError: ") if lines else f"exit status {done.returncode}"

    def _report(self, slugs: list[str], failed: dict[str, str], *, as_json: bool) -> None:
        if as_json:
            done = [slug for slug in slugs if slug not in failed]
            self.stdout.write(json.dumps({"done": done, "failed": failed}))
        elif not slugs:
            self.stdout.write("Every tenant is up to date.")
        if failed:
            names = ", ".join(failed)
            raise CommandError(f"{len(failed)} left behind and answered 503: {names}. Run it again.", returncode=1)
