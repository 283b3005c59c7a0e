"""How long making and migrating tenants takes: `python -m payymo.local throwaway -- python benchmarks/tenants.py`.

Copies of the template against migrating from nothing, then one release's migration over every one of them, as
`migrate_tenants` does it: a process each. With `--apart` the others are migrated in one process, for comparison. After
`--minutes` it stops and says how far it came.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings_test")
if TYPE_CHECKING:
    from tenants.models import Tenant

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))
_END = float("inf")


def _timed(number: int, act: Callable[[int], object]) -> list[float]:
    taken: list[float] = []
    for place in range(number):
        if time.monotonic() > _END:
            print(f"\nNo time left: {place} of {number} were done, {sum(taken) / max(1, place):.3f} s each.")
            sys.exit(1)
        began = time.perf_counter()
        act(place)
        taken.append(time.perf_counter() - began)
    return taken


def _row(what: str, taken: list[float]) -> None:
    if taken:
        figures = (sum(taken) / len(taken), statistics.median(taken), max(taken))
        each = " | ".join(f"{seconds:.3f}" for seconds in figures)
        print(f"| {what} | {len(taken)} | {sum(taken):.1f} | {each} |", flush=True)


def main() -> None:
    """Print the table."""
    global _END
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--migrated", type=int, default=10, help="how many are made by migrating, for comparison")
    parser.add_argument("--apart", type=int, help="how many are migrated in a process each; without it all")
    parser.add_argument("--minutes", type=float, default=45, help="after which it stops")
    options = parser.parse_args()
    _END = time.monotonic() + 60 * options.minutes

    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from tenants import context
    from tenants.models import Tenant, new_schema_name
    from tenants.services import migrating
    from tenants.services.provisioning import create_tenant

    call_command("migrate_schemas", shared=True, verbosity=0, interactive=False)
    context.leave()
    print("| what | times | seconds in all | s each | median s | longest s |\n|---|---|---|---|---|---|")
    _row("the template, by migrating", _timed(1, lambda _: migrating.ensure_template()))
    _row(
        "a schema by migrating from nothing", _timed(options.migrated, lambda _: migrating._migrate(new_schema_name()))
    )

    def make(place: int) -> None:
        create_tenant(slug=f"tenant-{place:04}", name=f"Tenant {place}", domain=f"tenant-{place:04}.example")

    _row("create_tenant: a copy of the template", _timed(options.tenants, make))

    tenants = list(Tenant.objects.order_by("pk"))
    number_apart = len(tenants) if options.apart is None else options.apart
    _row("falling behind by an app", _timed(len(tenants), lambda place: _fall_behind(tenants[place])))
    connection.close()
    apart, rest = tenants[:number_apart], tenants[number_apart:]
    _row("one app, a process each", _timed(len(apart), lambda place: _in_a_process(apart[place].slug)))
    _row("one app, in one process", _timed(len(rest), lambda place: migrating.migrate_tenant(tenant=rest[place])))
    left = migrating.behind().count()
    print(f"\n{left} tenants left behind")
    sys.exit(1 if left else 0)


def _fall_behind(tenant: "Tenant") -> None:
    """Undo all of the last app, as if the release had brought it."""
    from django.db import connection

    from tenants import context
    from tenants.models import Tenant
    from tenants.services import migrating

    with context.migrating(tenant.schema_name):
        migrating._WholeMigrations(connection).migrate([("operations", None)])
    Tenant.objects.filter(pk=tenant.pk).update(schema_head="earlier")


def _in_a_process(slug: str) -> None:
    command = [sys.executable, "manage.py", "migrate_tenants", "--here", "tenant", "--tenant", slug]
    subprocess.run(command, cwd=CHECKOUT, check=True, timeout=300)


if __name__ == "__main__":
    main()
