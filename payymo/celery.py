"""The Celery application and the beat schedule.

Beat never works for a tenant itself: every entry is the fan-out of `tenants.tasks`, which puts one message per active
tenant on the queue with the tenant as an explicit argument.
"""

import os

from celery import Celery
from celery.signals import after_task_publish, beat_init, worker_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "payymo.settings")
# Django's checks load every page, which no worker serves; what a worker needs is refused below.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("payymo")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@beat_init.connect
@worker_init.connect
def refuse_unsafe_start(**_: object) -> None:
    """Take no work when the database is not laid out as the code believes. Celery swallows any other exception here."""
    from django.core.exceptions import ImproperlyConfigured

    from tenants import startup

    try:
        startup.refuse_unsafe_start()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error


@beat_init.connect
def show_that_beat_lives(**_: object) -> None:
    """Note each heartbeat that this process sends out: when it stops, the clock has stopped and not the workers."""
    from tenants.tasks import note_beat

    after_task_publish.connect(note_beat, sender="tenants.tasks.heartbeat", weak=False)


@worker_ready.connect
def show_life(**_: object) -> None:
    """Beat the heart as soon as a worker takes tasks, so that the health page need not wait for the schedule."""
    app.send_task("tenants.tasks.heartbeat")


def _every(seconds: float, task: str) -> dict[str, object]:
    return {"task": "tenants.tasks.fan_out", "schedule": seconds, "kwargs": {"task": task}}


app.conf.beat_schedule = {
    "sync-banks": _every(60.0, "banking.tasks.sync_due_accounts"),
    "sync-stripe": _every(60.0, "payments.tasks.sync_due_connections"),
    "process-stripe-events": _every(20.0, "payments.tasks.process_events"),
    "sync-whmcs": _every(60.0, "whmcs.tasks.sync_due_instances"),
    "propose": _every(20.0, "matching.tasks.propose_pending"),
    "propose-all": _every(300.0, "matching.tasks.propose_all"),
    "watch-taken-back": _every(300.0, "matching.tasks.watch_taken_back"),
    "train": _every(3600.0, "matching.tasks.train_when_due"),
    "post": _every(10.0, "whmcs.tasks.post_pending"),
    "send-mails": _every(60.0, "accounts.tasks.send_mails"),
    "send-staff-mails": {"task": "accounts.tasks.send_staff_mails", "schedule": 60.0},
    "tell": _every(30.0, "payymo.notices.tasks.tell"),
    "deliver": _every(60.0, "payymo.notices.tasks.deliver"),
    "compare-books": _every(3600.0, "payymo.notices.tasks.compare_books"),
    "watch-licence": _every(3600.0, "payymo.notices.tasks.watch_licence"),
    "prune-sessions": _every(3600.0, "accounts.tasks.prune_sessions"),
    "rotate-data-keys": _every(3600.0, "tenants.tasks.rotate_data_key"),
    "retention": _every(3600.0, "payymo.operations.tasks.apply_retention"),
    "make-reports": _every(300.0, "payymo.dashboard.tasks.make_reports"),
    "make-exports": _every(300.0, "payymo.operations.tasks.make_exports"),
    "keep-signing-keys": {"task": "accounts.tasks.keep_signing_keys", "schedule": 3600.0},
    "anchor-audit": _every(3600.0, "payymo.audit.tasks.anchor_head"),
    "anchor-platform": {"task": "payymo.audit.tasks.anchor_platform", "schedule": 3600.0},
    "note-figures": _every(60.0, "payymo.operations.tasks.note_figures"),
    "heartbeat": {"task": "tenants.tasks.heartbeat", "schedule": 30.0},
}
