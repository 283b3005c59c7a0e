"""When a job of a tenant runs, waits, is skipped, or is parked."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tenants import context
from tenants.job_models import Job, ParkedJob
from tenants.jobs import exclusive
from tenants.services import running
from tenants.services.running import MOST_DEATHS
from tests.tenants.test_tasks import where_am_i


def run(task="t", **more):
    with running.running(task=task, arguments={}, **more) as may_run:
        return may_run


def run_beside(tenant, task="t"):
    """Run it on another connection, as another worker would."""

    def attempt():
        try:
            with context.inside(tenant):
                return run(task)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(attempt).result(timeout=120)


def die(task="t"):
    """Leave the row as a worker that was killed leaves it."""
    Job.objects.filter(task=task).update(running_since=timezone.now())


@pytest.fixture
def sent(monkeypatch):
    """What was put on the queue."""
    from celery import current_app

    found = []
    monkeypatch.setattr(current_app, "send_task", lambda task, kwargs, **_: found.append((task, kwargs["tenant_id"])))
    return found


def test_a_job_runs_and_says_when_it_succeeded(in_acme):
    assert run()

    job = Job.objects.get()
    assert (job.tenant, job.running_since, job.waiting_since, job.deaths) == (in_acme, None, None, 0)
    assert job.succeeded_at is not None


def test_a_job_that_fails_has_not_succeeded_and_is_no_death(in_acme):
    with pytest.raises(ZeroDivisionError), running.running(task="t", arguments={}):
        _ = 1 / 0

    assert Job.objects.values_list("succeeded_at", "running_since", "deaths").get() == (None, None, 0)


def test_the_same_job_beside_it_waits_and_is_woken_at_its_end(committed_acme, sent):
    with running.running(task="t", arguments={}) as may_run:
        assert may_run
        assert not run_beside(committed_acme)
        assert Job.objects.get().waiting_since is not None

    assert sent == [("t", str(committed_acme.public_id))]
    assert Job.objects.get().waiting_since is None


def test_a_tenants_third_job_waits_and_another_tenants_does_not(committed_acme, committed_globex, sent):
    begun, end = threading.Barrier(3), threading.Event()

    def work(task):
        try:
            with context.inside(committed_acme), running.running(task=task, arguments={}) as may_run:
                begun.wait(120)
                end.wait(120)
                return may_run
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        busy = [pool.submit(work, task) for task in ("one", "two")]
        begun.wait(120)
        third, other_tenant = run("three"), run_beside(committed_globex, "three")
        end.set()
        ran = [each.result(120) for each in busy]

    assert (ran, third, other_tenant) == ([True, True], False, True)
    assert sent == [("three", str(committed_acme.public_id))]


def test_a_job_that_is_not_due_does_nothing_and_one_that_was_missed_is_made_up(in_acme):
    day = timedelta(days=1)

    first, second = run(due_every=day), run(due_every=day)
    Job.objects.update(succeeded_at=timezone.now() - timedelta(days=9))

    assert (first, second, run(due_every=day)) == (True, False, True)


def test_a_missed_run_counts_as_missed_when_it_failed(in_acme):
    with pytest.raises(ZeroDivisionError), running.running(task="t", arguments={}, due_every=timedelta(days=1)):
        _ = 1 / 0

    assert run(due_every=timedelta(days=1))


def test_two_deaths_in_a_row_are_tried_again_and_the_third_parks_it(in_acme, caplog):
    run()
    outcomes, unended = [], []
    for _ in range(MOST_DEATHS):
        Job.objects.update(running_since=timezone.now())
        with ExitStack() as unfinished:
            outcomes.append(unfinished.enter_context(running.running(task="t", arguments={})))
            unended.append(unfinished.pop_all())

    parked = ParkedJob.objects.get()
    assert outcomes == [True, True, False]
    assert (parked.task, parked.named_tenant, parked.reason) == ("t", str(in_acme.public_id), "killed_workers")
    assert not run()
    assert [record.levelname for record in caplog.records if record.message == "task parked"] == ["ERROR"]


def test_a_run_that_ends_forgets_the_deaths_before_it(in_acme):
    run()
    die()

    assert run()

    assert Job.objects.get().deaths == 0


def test_what_is_parked_for_one_tenant_runs_for_another(in_acme, globex):
    running.park(task="t", named_tenant=str(in_acme.public_id), arguments={}, reason=ParkedJob.Reason.KILLED_WORKERS)

    assert not run()
    with context.inside(globex):
        assert run()


def test_released_it_is_sent_once_and_runs(in_acme, sent):
    running.park(task="t", named_tenant=str(in_acme.public_id), arguments={}, reason=ParkedJob.Reason.KILLED_WORKERS)
    parked = ParkedJob.objects.get()

    assert [running.release(parked=parked), running.release(parked=parked)] == [True, False]

    assert sent == [("t", str(in_acme.public_id))]
    assert run()


@pytest.mark.parametrize(
    ("named", "reason"),
    [("", "no_tenant"), ("x" * 200, "unknown_tenant"), ("6f2a6a0e-6a5c-4c43-b5a0-6a5a5a5a5a5a", "unknown_tenant")],
)
def test_a_message_without_a_known_tenant_is_parked_with_its_reason(db, named, reason):
    for _ in range(2):
        with pytest.raises(context.TenantUnavailable):
            where_am_i(tenant_id=named)

    [row] = ParkedJob.objects.all()
    assert (row.task, row.named_tenant, row.reason, row.times) == (where_am_i.name, named[:64], reason, 2)


def test_a_message_of_a_suspended_tenant_is_parked_and_nothing_of_it_ran(acme):
    type(acme).objects.filter(pk=acme.pk).update(state="suspended")

    with pytest.raises(context.TenantUnavailable):
        where_am_i(tenant_id=str(acme.public_id))

    assert ParkedJob.objects.get().reason == "inactive_tenant"
    assert Job.objects.count() == 0


def test_the_share_of_a_worker_that_was_killed_is_free(committed_acme):
    with exclusive("share:0"):
        pass

    assert run()


def test_without_a_broker_nothing_fails(in_acme, monkeypatch):
    from celery import current_app
    from kombu.exceptions import OperationalError

    def no_broker(*_, **__):
        raise OperationalError

    monkeypatch.setattr(current_app, "send_task", no_broker)

    assert running.send("t", str(in_acme.public_id)) is False
