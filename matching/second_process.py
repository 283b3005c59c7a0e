"""A second process for the nightly run of a tenant, so that both of two processors work on it.

It is a process of its own, not a fork: it opens its own connection and enters the tenant's schema itself. All it shares
with the first is the database; what it did not write when it is lost is still open for the first.
"""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from tenants.models import Tenant

_LAST_PIECE_SECONDS = 60


@contextmanager
def joined(tenant: Tenant) -> Iterator["subprocess.Popen[bytes]"]:
    """Let a second process join the tenant's full run; leaving the block ends it after the piece that it is in.

    However this process ends, the pipe between the two closes, and the other one stops.
    """
    command = [sys.executable, "manage.py", "join_full_run", "--tenant", str(tenant.public_id)]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE) as process:  # noqa: S603 - our own  # nosec B603
        try:
            yield process
        finally:
            assert process.stdin is not None  # noqa: S101 - asked for above
            process.stdin.close()
            try:
                process.wait(_LAST_PIECE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def has_a_processor() -> bool:
    """Whether there is a second processor for it."""
    return len(os.sched_getaffinity(0)) > 1


def first_goes_on() -> bool:
    """Whether the process that started this one still wants it: until then it says nothing and keeps the pipe open."""
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return not readable
