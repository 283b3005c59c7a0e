"""The staff console's list of parked jobs."""

import pytest

from accounts.models import User
from tenants.job_models import ParkedJob
from tenants.services import running
from tests.dashboard.conftest import STAFF, Browser

PATH = "/admin/tenants/parkedjob/"


@pytest.fixture
def parked(in_acme):
    reason = ParkedJob.Reason.KILLED_WORKERS
    running.park(task="tests.deadly", named_tenant=str(in_acme.public_id), arguments={}, reason=reason)
    return ParkedJob.objects.get()


@pytest.fixture
def sent(monkeypatch):
    found = []
    monkeypatch.setattr(running, "send", lambda task, tenant, arguments: found.append((task, tenant)) or True)
    return found


def as_staff(tenant, *, is_superuser):
    User.objects.filter(email="staff@payymo.example").update(is_superuser=is_superuser)
    return Browser(STAFF, tenant=tenant, user=User.objects.get(email="staff@payymo.example"), is_staff_host=True)


def release(browser, row):
    return browser.post(PATH, {"action": "release", "_selected_action": [row.pk]})


def test_a_superuser_sees_what_is_parked_with_its_reason_and_releases_it(in_acme, parked, sent):
    browser = as_staff(in_acme, is_superuser=True)

    page = browser.get(PATH).content.decode()
    release(browser, parked)

    assert "tests.deadly" in page
    assert "It killed its worker three times" in page
    parked.refresh_from_db()
    assert parked.released_at is not None
    assert sent == [("tests.deadly", str(in_acme.public_id))]


def test_other_staff_sees_it_and_releases_nothing(in_acme, parked, sent):
    browser = as_staff(in_acme, is_superuser=False)

    assert "tests.deadly" in browser.get(PATH).content.decode()
    release(browser, parked)

    parked.refresh_from_db()
    assert (parked.released_at, sent) == (None, [])
