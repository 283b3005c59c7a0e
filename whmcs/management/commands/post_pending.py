"""`manage.py post_pending --tenant SLUG [--limit N] [--loop] [--json]`."""

import json
import signal
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payymo.shared.errors import DomainError
from tenants import context
from tenants.services.provisioning import find_tenant
from whmcs.services import connection, dispatching
from whmcs.services.timing import Timing, usual


class Command(BaseCommand):
    """Work as a poster of one tenant; any number may run beside each other and beside the workers."""

    help = "Post what is due to WHMCS. With --loop it goes on until it is stopped by Ctrl-C or SIGTERM."

    # Django's checks load every page, which takes longer than all else here.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        waits = usual()
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--limit", type=_positive, default=200, help="at most so many postings in one round (200)")
        parser.add_argument("--loop", action="store_true", help="go on until stopped, a round every second")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument(
            "--lease-seconds", type=_positive, default=int(waits.lease.total_seconds()),
            help="how long a posting is held by a worker; shorter than usual only outside production",
        )  # fmt: skip
        parser.add_argument(
            "--unknown-wait-seconds", type=_positive, default=int(waits.unknown_wait.total_seconds()),
            help="how long a lost answer waits for its look-up; shorter than usual only outside production",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        timing = _timing(options["lease_seconds"], options["unknown_wait_seconds"])
        stop = threading.Event()
        if options["loop"]:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        counts: Counter[str] = Counter()
        try:
            while True:
                with context.inside(find_tenant(slug=options["tenant"])):
                    run = dispatching.post_pending(
                        now=timezone.now(),
                        api_for=connection.api_for,
                        limit=options["limit"],
                        timing=timing,
                        should_stop=stop.is_set,
                    )
                counts += run.counts
                if not options["loop"] or (not run.handled and stop.wait(1.0)) or stop.is_set():
                    break
        except (DomainError, context.TenantUnavailable) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps({"handled": counts.total(), "by_state": dict(counts)}))
        else:
            states = (
                ", ".join(f"{count} {state.lower()}" for state, count in sorted(counts.items())) or "nothing was due"
            )
            self.stdout.write(f"{options['tenant']}: {states}.")


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= 100_000:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to 100000")
    return int(text)


def _timing(lease: int, unknown_wait: int) -> Timing:
    """Build the waits.

    Raises: CommandError for waits in production that are too short to prove that WHMCS has not booked.
    """
    least = Timing()
    found = replace(usual(), lease=timedelta(seconds=lease), unknown_wait=timedelta(seconds=unknown_wait))
    if settings.PRODUCTION and (found.lease < least.lease or found.unknown_wait < least.unknown_wait):
        raise CommandError(
            "Shorter waits than usual could post a payment twice; production refuses them.", returncode=2
        )
    return found
