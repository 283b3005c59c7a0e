"""`manage.py join_full_run --tenant ID`: the second process of a nightly run, started by the task `propose_all`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from matching import second_process
from matching.services import full_run
from tenants import context
from tenants.jobs import exclusive


class Command(BaseCommand):
    """Work on the tenant's unfinished full run from its other end until standard input closes."""

    help = "Join a tenant's unfinished full run until standard input closes. Started by the worker, not by people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's public id")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with context.inside_id(options["tenant"]), exclusive("join-full-run") as alone:
                if alone:
                    full_run.join(now=timezone.now(), goes_on=second_process.first_goes_on)
        except context.TenantUnavailable as error:
            raise CommandError(str(error), returncode=2) from error
