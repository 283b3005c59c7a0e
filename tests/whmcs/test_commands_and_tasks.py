"""What beat and an operator start."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tenants import context
from tenants.jobs import exclusive
from tenants.models import Tenant
from tests.whmcs.site import connect, leave
from whmcs import tasks
from whmcs.models import Invoice, WhmcsInstance


def run(*command: str) -> dict | list:
    output = StringIO()
    call_command(*command, "--json", stdout=output)
    return json.loads(output.getvalue())


def test_post_pending_posts_what_is_due(invoice, site):
    row = leave(invoice, now=timezone.now(), not_before=timezone.now())

    assert run("post_pending", "--tenant", "acme") == {"handled": 1, "by_state": {"POSTED": 1}}

    assert len(site.booked(row.transaction_id)) == 1
    assert run("post_pending", "--tenant", "acme") == {"handled": 0, "by_state": {}}


@pytest.mark.parametrize("command", ["post_pending", "sync_whmcs"])
def test_an_unknown_tenant_is_one_clear_line_and_status_2(in_acme, command):
    with pytest.raises(CommandError, match="There is no tenant 'nosuch'") as error:
        call_command(command, "--tenant", "nosuch")

    assert error.value.returncode == 2


@pytest.mark.parametrize("command", ["post_pending", "sync_whmcs"])
def test_a_suspended_tenant_is_refused(in_acme, command):
    Tenant.objects.filter(pk=in_acme.pk).update(state=Tenant.State.SUSPENDED)

    with pytest.raises(CommandError) as error:
        call_command(command, "--tenant", "acme")

    assert error.value.returncode == 2


def test_shorter_waits_are_refused_in_production(in_acme, settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="production refuses") as error:
        call_command("post_pending", "--tenant", "acme", "--lease-seconds", "5")

    assert error.value.returncode == 2


def test_sync_whmcs_says_what_failed_and_ends_with_status_1(instance, site):
    site.fault("html")

    with pytest.raises(CommandError) as error:
        call_command("sync_whmcs", "--tenant", "acme", stdout=StringIO())

    assert error.value.returncode == 1


@pytest.fixture
def as_if_read(in_acme, small_site):
    """A connection whose whole list was read a moment ago, so that the next run is short."""
    instance, now = connect(small_site), timezone.now()
    WhmcsInstance.objects.filter(pk=instance.pk).update(
        full_sweep_at=now, clients_swept_at=now, highest_invoice_id=99_999_999, next_sync_at=now
    )
    return instance


def test_sync_whmcs_reads_the_connected_installations(as_if_read, small_site):
    number = small_site.new_invoice("33.00")

    [result] = run("sync_whmcs", "--tenant", "acme")

    assert (result["tenant"], result["is_complete"]) == ("acme", True)
    assert Invoice.objects.get(whmcs_id=number).balance == 33


def test_a_task_reads_only_what_is_due(as_if_read, in_acme):
    later = timezone.now() + timedelta(hours=1)
    WhmcsInstance.objects.update(next_sync_at=later)

    tasks.sync_due_instances(tenant_id=str(in_acme.public_id))

    as_if_read.refresh_from_db()
    assert (as_if_read.last_success_at, as_if_read.next_sync_at) == (None, later)


def test_a_task_reads_what_is_due_and_sets_the_next_time(as_if_read, in_acme, small_site):
    tasks.sync_due_instances(tenant_id=str(in_acme.public_id))

    as_if_read.refresh_from_db()
    assert as_if_read.last_success_at is not None
    assert as_if_read.next_sync_at > timezone.now() + timedelta(minutes=4)


def test_an_installation_that_does_not_answer_does_not_stop_the_task(as_if_read, in_acme, small_site):
    small_site.fault("html")

    tasks.sync_due_instances(tenant_id=str(in_acme.public_id))

    as_if_read.refresh_from_db()
    assert (as_if_read.failures, as_if_read.last_error_code) == (1, "unreadable_answer")


def test_a_broken_connection_is_not_read(as_if_read, in_acme):
    WhmcsInstance.objects.update(state="BROKEN")

    tasks.sync_due_instances(tenant_id=str(in_acme.public_id))

    as_if_read.refresh_from_db()
    assert as_if_read.last_attempt_at < as_if_read.next_sync_at


def test_a_task_posts_what_is_due(invoice, site, in_acme):
    row = leave(invoice, now=timezone.now(), not_before=timezone.now())

    tasks.post_pending(tenant_id=str(in_acme.public_id))

    assert len(site.booked(row.transaction_id)) == 1


def test_a_task_without_a_tenant_is_refused(in_acme):
    with pytest.raises(context.TenantUnavailable):
        tasks.post_pending()


def test_a_second_job_of_the_same_name_does_nothing(committed_acme, committed_globex):
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    def try_beside(tenant) -> bool:
        try:
            with context.inside(tenant), exclusive("whmcs.post") as is_only_one:
                return is_only_one
        finally:
            connection.close()

    with exclusive("whmcs.post") as is_only_one, ThreadPoolExecutor(1) as pool:
        beside = [pool.submit(try_beside, tenant).result(120) for tenant in (committed_acme, committed_globex)]

    assert (is_only_one, beside) == (True, [False, True])
