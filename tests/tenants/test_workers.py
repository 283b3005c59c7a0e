"""Real workers, killed and starved, with a broker that forgets: no job is lost, and none stops the others."""

import os
import signal

import pytest
import redis
from celery import current_app
from django.conf import settings

from payymo.local import valkey
from payymo.local.home import Home
from tenants.job_models import Job, ParkedJob
from tenants.models import Heartbeat, Tenant
from tenants.services import running
from tenants.tasks import fan_out
from tests.tenants import jobs_of_tests as jobs
from tests.tenants.workers import LONGEST_WAIT, Crew


@pytest.fixture
def crew(process_env, tmp_path):
    made = Crew(process_env, tmp_path)
    current_app.control.purge()
    yield made
    made.kill_all()
    current_app.control.purge()


def ids(*slugs):
    return [str(Tenant.objects.get(slug=slug).public_id) for slug in slugs]


def most_at_once(lines):
    """How many ran beside each other. Shape: each line is written under the lock of its job, so in order."""
    now = most = 0
    for name, _ in lines:
        now += 1 if name.startswith("begin") else -1
        most = max(most, now)
    return most


def test_a_tenant_with_a_thousand_waiting_jobs_starves_nobody(crew):
    acme, globex = ids("acme", "globex")
    names = (jobs.one.name, jobs.two.name, jobs.three.name)
    for number in range(1000):
        running.send(names[number % 3], acme)
    running.send(jobs.one.name, globex)

    crew.start(processes=3)
    crew.wait_for(lambda: not Job.objects.exclude(waiting_since=None).exists() and {
        name for name, tenant in crew.lines("end") if tenant == "acme"
    } == {"end-one", "end-two", "end-three"} and ("end-one", "globex") in crew.lines())  # fmt: skip

    # 1,000 jobs of a second would keep two places busy for 500 s; the other tenant's came through among the first.
    ended = crew.lines("end")
    assert ended.index(("end-one", "globex")) < 150
    assert most_at_once([line for line in crew.lines() if line[1] == "acme"]) <= running.MOST_AT_ONCE


def test_a_job_that_killed_its_worker_three_times_is_parked_and_can_be_released(crew):
    acme, globex = ids("acme", "globex")
    crew.start(processes=2)
    running.send(jobs.deadly.name, acme)

    parked = crew.wait_for(ParkedJob.objects.first)
    running.send(jobs.one.name, globex)
    crew.wait_for(lambda: crew.lines("end-one"))

    assert (parked.task, parked.named_tenant, parked.reason) == ("tests.deadly", acme, "killed_workers")
    assert len(crew.lines("begin-deadly")) == running.MOST_DEATHS
    (crew.folder / "behave").touch()
    assert running.release(parked=parked)
    crew.wait_for(lambda: crew.lines("end-deadly"))
    assert not running.release(parked=parked)
    crew.wait_for(lambda: Job.objects.get(task="tests.deadly").succeeded_at)
    assert Job.objects.get(task="tests.deadly").deaths == 0


def test_what_a_killed_worker_was_doing_is_done_by_the_next_one(crew):
    [acme] = ids("acme")
    first = crew.start(processes=1)
    running.send(jobs.long.name, acme)
    crew.wait_for(lambda: crew.lines("begin-long"))

    crew.kill(first)
    job = Job.objects.get(task="tests.long")
    assert job.running_since is not None
    # One process for each tenant, since the other tenant's long job may come first.
    crew.start(processes=2)
    fan_out(task=jobs.long.name)

    # The lock went with the killed worker's connection; the row told the next one that it died.
    crew.wait_for(lambda: len([line for line in crew.lines("begin-long") if line[1] == "acme"]) == 2)
    job.refresh_from_db()
    assert job.deaths == 1


def test_a_broker_that_lost_everything_loses_no_work(crew, tmp_path_factory):
    [acme] = ids("acme")
    home = Home(tmp_path_factory.mktemp("broker") / "home")
    home.create()
    broker = valkey.start(home)
    url = valkey.url(home, broker.service.port)
    try:
        crew.start(processes=1, env={"REDIS_URL": url, "PYTEST_XDIST_WORKER": ""})
        crew.wait_for(lambda: Heartbeat.objects.exists())
        with redis.Redis.from_url(url) as client:
            client.flushall()
        broker.stop()
        broker = valkey.start(home, port=broker.service.port)

        def asked():
            with current_app.connection_for_write(f"{url}") as connection:
                fan = current_app.signature("tenants.tasks.fan_out", kwargs={"task": jobs.one.name})
                fan.apply_async(connection=connection)
            return Job.objects.filter(tenant__public_id=acme, task="tests.one").exclude(succeeded_at=None)

        # What beat does every few seconds: the rows are the truth, so asking again is all it takes.
        crew.wait_for(asked)
    finally:
        crew.kill_all()
        broker.stop()
    assert "acme" in [tenant for _, tenant in crew.lines("end-one")]


def test_the_heart_beats_in_a_real_worker_as_soon_as_it_takes_tasks(crew):
    assert not Heartbeat.objects.exists()

    worker = crew.start(processes=1)

    crew.wait_for(lambda: Heartbeat.objects.filter(name="worker").exists())
    os.killpg(worker.pid, signal.SIGSTOP)
    Heartbeat.objects.all().delete()
    current_app.send_task("tenants.tasks.heartbeat")
    with pytest.raises(AssertionError):
        # A living process that takes no work beats no heart.
        crew.wait_for(Heartbeat.objects.exists, seconds=1)
    os.killpg(worker.pid, signal.SIGCONT)
    crew.wait_for(Heartbeat.objects.exists)


def test_beat_asks_for_the_heartbeat_every_thirty_seconds():
    [entry] = [each for each in current_app.conf.beat_schedule.values() if each["task"] == "tenants.tasks.heartbeat"]

    assert entry["schedule"] == 30.0
    assert settings.CELERY_WORKER_PREFETCH_MULTIPLIER == 1


def test_a_finished_worker_is_told_to_end_and_finishes_its_task(crew):
    [acme] = ids("acme")
    worker = crew.start(processes=1)
    running.send(jobs.one.name, acme)
    crew.wait_for(lambda: crew.lines("begin-one"))

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(LONGEST_WAIT) == 0
    assert [name for name, _ in crew.lines()] == ["begin-one", "end-one"]
    assert Job.objects.get(task="tests.one").running_since is None
