"""What an operator sees of health and figures, and nobody else."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from payymo.operations.services.figures import note_figures
from payymo.shared import health
from tenants import breakers, context
from tenants.job_models import ParkedJob
from tenants.models import Heartbeat, TenantFigure
from tenants.services import running
from tests.factories import rows

TOKEN = "o" * 40
STAFF, ACME = "admin.localhost", "acme.localhost"


@pytest.fixture
def clock_stands(time_machine):
    """What is counted in seconds is the same however long a test takes."""
    time_machine.move_to(timezone.now(), tick=False)


@pytest.fixture(autouse=True)
def token(settings):
    settings.OPERATOR_TOKEN = TOKEN


def get(path, *, host=STAFF, shown=TOKEN):
    headers = {"host": host, **({"authorization": f"Bearer {shown}"} if shown else {})}
    return Client().get(path, headers=headers)


def figures():
    """Return what the metrics show: name with labels -> value."""
    lines = get("/metrics").content.decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


@pytest.mark.parametrize("shown", ["", "o" * 39, "x" * 40])
def test_without_the_operators_token_there_are_no_metrics(db, shown):
    assert get("/metrics", shown=shown).status_code == 404


def test_without_a_token_set_nobody_is_the_operator(db, settings):
    settings.OPERATOR_TOKEN = ""

    assert get("/metrics", shown="").status_code == 404
    assert get("/metrics", shown=" ").status_code == 404


def test_a_tenants_host_has_no_metrics(acme):
    assert get("/metrics", host=ACME).status_code == 404


def test_requests_are_counted_by_route_never_by_path(acme):
    before = figures()
    for number in range(3):
        get(f"/no/such/{number}/", host=ACME)
    get("/health/live", host=ACME)

    after = figures()

    def grown(name):
        return after.get(name, 0) - before.get(name, 0)

    assert grown('payymo_requests_total{method="GET",route="none",status="4xx"}') == 3
    assert grown('payymo_requests_total{method="GET",route="health/live",status="2xx"}') == 1
    assert grown('payymo_request_seconds_count{route="health/live"}') == 1
    assert not [name for name in after if "no/such" in name]


def test_an_invented_method_makes_no_label_of_its_own(acme):
    Client().generic("BREW", "/health/live", headers={"host": ACME})

    assert not [name for name in figures() if "BREW" in name]


def test_the_installation_shows_heart_queue_jobs_and_parked_ones(db, clock_stands):
    Heartbeat.objects.create(name="worker", beaten_at=timezone.now() - timedelta(seconds=30))
    running.park(task="t", named_tenant="", arguments={}, reason=ParkedJob.Reason.NO_TENANT)

    shown = figures()

    assert shown["payymo_worker_silent_seconds"] == 30
    assert shown['payymo_jobs_parked{reason="no_tenant"}'] == 1
    assert shown['payymo_jobs_parked{reason="killed_workers"}'] == 0
    assert shown["payymo_jobs_waiting"] == 0
    assert shown["payymo_queue_depth"] >= 0
    assert (shown['payymo_up{part="database"}'], shown['payymo_up{part="broker"}']) == (1, 1)


def test_a_tenants_figures_are_shown_under_its_id_alone(in_acme):
    now = timezone.now()
    rows.account(last_success_at=now - timedelta(hours=2), connection=_consent())
    rows.account(last_success_at=now - timedelta(hours=1), connection=_consent())
    note_figures(now=now)

    shown = figures()

    own = f'tenant="{in_acme.public_id}"'
    assert shown[f'payymo_postings{{state="QUEUED",{own}}}'] == 0
    assert {name: value for name, value in shown.items() if "feed_age" in name} == {
        f'payymo_feed_age_seconds{{source="bank",{own}}}': 7200.0,
    }  # fmt: skip
    assert not [name for name in shown if "acme" in name.lower()]


def _consent():
    from banking.models import BankConnection

    return BankConnection.objects.create(state=BankConnection.State.LINKED, institution_name="Bank")


def test_figures_that_are_not_counted_any_more_go(in_acme):
    first = timezone.now()
    rows.account(last_success_at=first, connection=_consent())
    rows.instance(last_success_at=first)
    note_figures(now=first)
    kept = TenantFigure.objects.filter(name="feed_age_seconds").count()
    rows.BankAccount.objects.update(is_paused=True)
    rows.WhmcsInstance.objects.update(is_paused=True)

    note_figures(now=first + timedelta(minutes=1))

    assert (kept, TenantFigure.objects.filter(name="feed_age_seconds").count()) == (2, 0)


def test_a_broker_that_is_away_is_said_and_hides_nothing_else(db, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    shown = figures()

    assert shown['payymo_up{part="broker"}'] == 0
    assert "payymo_queue_depth" not in shown
    assert "payymo_jobs_waiting" in shown


def test_everybody_learns_only_whether_it_is_ready(db):
    Heartbeat.objects.create(name="worker", beaten_at=timezone.now())

    answer = get("/health/ready", shown="")

    assert (answer.status_code, answer.json()) == (200, {"ready": True})


def test_the_operator_learns_which_part_is_not(db, clock_stands):
    Heartbeat.objects.create(name="worker", beaten_at=timezone.now() - timedelta(seconds=121))

    answer = get("/health/ready")

    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False, "database": True, "broker": True, "worker": False, "migrations": True,
        "worker_silent_seconds": 121, "off": {},
    }  # fmt: skip


def test_the_operator_learns_what_is_off_and_for_whom(acme):
    Heartbeat.objects.create(name="worker", beaten_at=timezone.now())
    with context.inside(acme):
        breakers.switch_off("stripe")

    answer, everybody = get("/health/ready"), get("/health/ready", shown="")

    assert (answer.status_code, answer.json()["off"]) == (200, {"secret:stripe": 1})
    assert everybody.json() == {"ready": True}
    assert figures()['payymo_breaker_open{name="secret:stripe",tenant="acme"}'] > 0


@pytest.mark.parametrize(("seconds", "status"), [(119, 200), (120, 503)])
def test_health_is_red_once_the_heart_was_silent_for_two_minutes(db, clock_stands, seconds, status):
    Heartbeat.objects.create(name="worker", beaten_at=timezone.now() - timedelta(seconds=seconds))

    assert get("/health/ready", shown="").status_code == status


def test_a_schema_behind_the_release_is_not_ready(db, monkeypatch):
    Heartbeat.objects.create(name="worker", beaten_at=timezone.now())
    monkeypatch.setattr(health, "_migrated", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM public.django_migrations WHERE app = 'accounts' AND name = '0001_whole_schema'")

    answer = get("/health/ready")

    assert (answer.status_code, answer.json()["migrations"]) == (503, False)


def test_a_lost_broker_is_not_ready_and_living(db, settings, caplog):
    Heartbeat.objects.create(name="worker", beaten_at=timezone.now())
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    cache.close()

    answer = get("/health/ready", shown="")

    assert (answer.status_code, answer.json()) == (503, {"ready": False})
    assert [record.reason for record in caplog.records if getattr(record, "event", "") == "not_ready"] == ["broker"]
    assert get("/health/live", shown="").content == b"ok"
