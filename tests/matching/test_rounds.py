"""Rounds as tasks and commands start them."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from matching import tasks
from matching.models import FullRun, Proposal
from matching.services import proposing
from tests.factories import rows


def propose_matches(*options):
    out = StringIO()
    call_command("propose_matches", "--tenant", "acme", "--json", *options, stdout=out)
    return json.loads(out.getvalue())


def test_a_round_proposes_what_waits(committed_acme):
    rows.invoice("INV-1042", "119.00")
    rows.transfer("INV-1042", "119.00")

    tasks.propose_pending(tenant_id=str(committed_acme.public_id))

    assert Proposal.objects.get(rank=1).band == "exact"


def test_only_what_is_stored_after_the_mark_has_arrived(in_acme):
    rows.transfer("INV-1", "5.00")
    mark = proposing.newest_waiting()
    assert not proposing.has_arrivals(after=mark)

    rows.transfer("INV-2", "5.00", proposed_at=rows.NOW)
    assert not proposing.has_arrivals(after=mark)

    rows.charge("5.00")
    assert proposing.has_arrivals(after=mark)


def test_by_night_everything_is_looked_at_once(committed_acme):
    rows.transfer("INV-1", "5.00", proposed_at=rows.NOW)

    for _ in range(2):
        tasks.propose_all(tenant_id=str(committed_acme.public_id))

    assert FullRun.objects.get().looked_at == 1


def test_the_night_of_another_tenant_is_waited_for(committed_acme, committed_globex, other_connection):
    with other_connection(committed_globex, "propose-all", for_all_tenants=True):
        tasks.propose_all(tenant_id=str(committed_acme.public_id))

    assert not FullRun.objects.exists()


def test_the_command_does_not_disturb_a_round(committed_acme, other_connection):
    rows.transfer("INV-1", "5.00")

    with (
        other_connection(committed_acme, "propose"),
        pytest.raises(CommandError, match="A round is going on") as refused,
    ):
        propose_matches()

    assert refused.value.returncode == 2
    assert Proposal.objects.count() == 0


def test_a_replay_without_writing_writes_nothing(committed_acme):
    rows.invoice("INV-1042", "119.00")
    rows.transfer("INV-1042", "119.00")
    rows.transfer("INV-1042", "119.00", booking_date=rows.TODAY.replace(year=2020))

    outcome = propose_matches("--dry-run", "--since", "2026-11-01")

    assert (outcome["looked_at"], outcome["changed"], outcome["by_band"]) == (1, 1, {"exact": 1})
    assert Proposal.objects.count() == 0
    assert proposing.newest_waiting() != (0, 0)
