"""What beat lets operations do for each tenant."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from payymo.operations.services import company_exports, figures, retention
from tenants.jobs import exclusive
from tenants.tasks import TenantTask

# Ends well before the soft limit of a task.
_BUDGET = timedelta(seconds=90)


@shared_task(base=TenantTask, due_every=timedelta(hours=6))
def apply_retention() -> int:
    """Erase what was kept for long enough; return how many rows. What is left over is next."""
    began = timezone.now()
    with exclusive("retention") as alone:
        if not alone:
            return 0
        return retention.retain(now=began, should_stop=lambda: timezone.now() > began + _BUDGET).total


@shared_task(base=TenantTask, due_every=timedelta(seconds=50))
def note_figures() -> int:
    """Count how the tenant is doing, for the operator's metrics."""
    return figures.note_figures(now=timezone.now())


@shared_task(base=TenantTask)
def make_exports() -> int:
    """Make the archive that an owner asked for, and end those whose day is over; return how many were made."""
    return int(company_exports.make_next(now=timezone.now()) is not None)
