"""What beat lets notices do for each tenant."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from payymo.notices.services import collecting, comparing, delivering, digests, watching
from tenants.jobs import exclusive
from tenants.tasks import TenantTask

_MOST_BATCHES = 20
# Ends well before the soft limit of a task, the longest call after it included.
_CALLS_BUDGET = timedelta(seconds=60)


@shared_task(base=TenantTask)
def tell() -> int:
    """Tell what happened, and leave the mails that are due; return how many links of the log were read."""
    with exclusive("notices.tell") as alone:
        if not alone:
            return 0
        read = 0
        for _ in range(_MOST_BATCHES):
            found = collecting.collect(now=timezone.now())
            read += found
            if found < collecting.BATCH:
                break
        watching.watch(now=timezone.now())
        digests.mail_at_once(now=timezone.now())
        digests.mail_digests(now=timezone.now())
        return read


@shared_task(base=TenantTask, due_every=timedelta(hours=1))
def watch_licence() -> int:
    """Tell that the licence ends soon or is nearly used up."""
    return watching.watch_licence(now=timezone.now())


@shared_task(base=TenantTask, due_every=timedelta(hours=23))
def compare_books() -> int:
    """Compare 35 days of bank, Payymo, WHMCS and gateways, once a day; return how many differences are news."""
    return comparing.compare(now=timezone.now())


@shared_task(base=TenantTask)
def deliver() -> int:
    """Call the endpoints for which something is due."""
    began = timezone.now()
    with exclusive("notices.deliver") as alone:
        if not alone:
            return 0
        return delivering.deliver_due(now=timezone.now, should_stop=lambda: timezone.now() > began + _CALLS_BUDGET)
