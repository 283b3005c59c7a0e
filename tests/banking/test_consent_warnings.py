from datetime import UTC, datetime, timedelta

import pytest

from banking.models import BankConnection
from banking.services.consent_warnings import warn_of_ends

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
END = NOW + timedelta(days=40)


@pytest.fixture
def consent(in_acme):
    return BankConnection.objects.create(
        institution_id="X", institution_name="Nordhaven", country="DE", state="LINKED", consent_ends_at=END
    )


def test_each_of_the_days_is_marked_once(consent):
    said = []
    for left in range(40, -1, -1):
        for hour in (0, 12):
            if warn_of_ends(now=END - timedelta(days=left) + timedelta(hours=hour)):
                said.append(left)

    assert said == [30, 14, 7, 1]


def test_what_was_missed_is_said_once_by_the_nearest_day(consent):
    assert [warn_of_ends(now=END - timedelta(days=6)), warn_of_ends(now=END - timedelta(days=6))] == [1, 0]
    consent.refresh_from_db()
    assert consent.warned_days == 7


@pytest.mark.parametrize("change", [{"state": "REVOKED"}, {"state": "EXPIRED"}, {"consent_ends_at": None}])
def test_a_consent_that_does_not_run_out_is_not_spoken_of(consent, change):
    BankConnection.objects.update(**change)

    assert warn_of_ends(now=END - timedelta(days=7)) == 0


def test_a_renewed_consent_is_warned_of_anew(consent):
    warn_of_ends(now=END - timedelta(days=1))
    BankConnection.objects.update(state="REVOKED")
    consent.pk, consent.public_id, consent._state.adding = None, "5b6a2f3e-0000-4000-8000-000000000001", True
    consent.save()

    assert warn_of_ends(now=END - timedelta(days=30)) == 1
