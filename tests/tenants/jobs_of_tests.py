"""Jobs that tests give to real workers: `celery -A payymo.celery worker --include tests.tenants.jobs_of_tests`.

Each run leaves lines `<what> <tenant>` in the file that JOBS_LOG names.
"""

import os
import select
import signal
from pathlib import Path

from celery import shared_task

from tenants import context
from tenants.tasks import TenantTask


def _note(what):
    with Path(os.environ["JOBS_LOG"]).open("a") as log:
        log.write(f"{what} {context.current().slug}\n")


def _work(name, seconds):
    _note(f"begin-{name}")
    select.select([], [], [], seconds)
    _note(f"end-{name}")


@shared_task(base=TenantTask, name="tests.one")
def one():
    _work("one", 1)


@shared_task(base=TenantTask, name="tests.two")
def two():
    _work("two", 1)


@shared_task(base=TenantTask, name="tests.three")
def three():
    _work("three", 1)


@shared_task(base=TenantTask, name="tests.long")
def long():
    _work("long", 60)


@shared_task(base=TenantTask, name="tests.deadly")
def deadly():
    """Kill the worker, unless the file beside the log tells it to behave."""
    _note("begin-deadly")
    if not Path(os.environ["JOBS_LOG"]).with_name("behave").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    _note("end-deadly")
