"""A WHMCS that a person leaves alone: nothing is read from it and nothing new is sent, and nothing is lost."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from payymo.audit.models import AuditEntry
from payymo.sandbox import world
from payymo.shared.errors import Conflict
from tests.whmcs.site import NOW, connect, leave, mirror_newest, moves, post, reserved
from tests.whmcs.test_parallel_posting import at_once
from whmcs import selectors, tasks
from whmcs.models import Posting, WhmcsInstance
from whmcs.services import connection, posting
from whmcs.services.claiming import claim_next
from whmcs.services.invoice_sync import sync_instance
from whmcs.services.pausing import pause_instance
from whmcs.services.reading_one import read_invoice
from whmcs.services.timing import usual


def pause(instance: WhmcsInstance, is_paused: bool = True) -> WhmcsInstance:
    return pause_instance(instance_id=instance.public_id, is_paused=is_paused, now=NOW)


class Interrupted:
    """A client of WHMCS beside which something happens right before one of its calls."""

    def __init__(self, api, name, act):
        self._api, self._name, self._act = api, name, act

    def __getattr__(self, name):
        if name == self._name:
            self._act()
        return getattr(self._api, name)


def before(name, act):
    return lambda instance: Interrupted(connection.api_for(instance), name, act)


def test_a_pause_and_its_end_are_written_down_once_each(instance):
    for is_paused in (True, True, False, False):
        row = pause(instance, is_paused)

    told = AuditEntry.objects.filter(action="connection.changed", object_id=instance.public_id).order_by("pk")
    assert [each.details["what"] for each in told] == ["paused", "resumed"]
    assert (row.state, row.is_paused, row.next_sync_at) == ("ACTIVE", False, NOW)


def test_a_removed_installation_is_neither_paused_nor_resumed(instance):
    pause(instance)
    connection.remove_instance(instance=instance, now=NOW)

    for is_paused in (True, False):
        with pytest.raises(WhmcsInstance.DoesNotExist):
            pause(instance, is_paused)
    instance.refresh_from_db()
    assert (instance.state, instance.is_paused) == ("REMOVED", False)


def test_what_is_approved_waits_for_the_end_of_the_pause_and_is_then_posted(invoice, site, instance):
    row = leave(invoice)
    pause(instance)

    assert post(NOW + timedelta(days=3)).handled == 0
    row.refresh_from_db()
    assert (row.state, row.attempts, moves(row), reserved(invoice)) == ("QUEUED", 0, ["QUEUED"], 119)
    assert not selectors.postings_due(now=NOW + timedelta(days=3)).exists()

    pause(instance, False)
    assert selectors.postings_due(now=NOW).get() == row
    assert post(NOW + timedelta(days=3)).counts == {"POSTED": 1}
    assert len(site.booked(row.transaction_id)) == 1


def test_what_waits_for_a_pause_can_be_taken_back(invoice, instance):
    row = leave(invoice)
    pause(instance)

    posting.withdraw(posting=row, now=NOW + timedelta(days=3))

    assert (moves(row), reserved(invoice)) == (["QUEUED", "WITHDRAWN"], 0)


def test_a_payment_can_be_approved_while_its_whmcs_is_paused(invoice, instance):
    pause(instance)

    row = leave(invoice)

    assert (row.state, post().handled) == ("QUEUED", 0)


def test_the_pause_of_one_installation_holds_nothing_of_another(invoice, instance, small_site):
    pause(instance)
    other = connect(small_site)
    small_site.new_invoice("50.00")
    [second] = mirror_newest(small_site, other, 1)
    held, sent = leave(invoice), leave(second, "50.00", currency="GBP")

    assert post().counts == {"POSTED": 1}

    assert (moves(held), moves(sent)) == (["QUEUED"], ["QUEUED", "SENDING", "POSTED"])


def test_a_pause_right_before_a_send_keeps_it_from_being_sent(invoice, site, instance):
    row = leave(invoice)

    run = post(api_for=before("transactions", lambda: pause(instance)))

    assert (run.counts, moves(row), site.booked(row.transaction_id)) == (
        {"RETRYABLE": 1},
        ["QUEUED", "SENDING", "RETRYABLE"],
        [],
    )
    assert post(NOW + timedelta(days=1)).handled == 0
    pause(instance, False)
    assert post(NOW + timedelta(days=1)).counts == {"POSTED": 1}
    assert len(site.booked(row.transaction_id)) == 1


def test_an_unknown_outcome_is_looked_up_in_a_paused_whmcs(invoice, site, instance):
    site.fault("error_after_booking", only="AddInvoicePayment", times=1)
    row = leave(invoice)
    assert post().counts == {"UNKNOWN": 1}
    pause(instance)

    assert post(NOW + timedelta(seconds=65)).counts == {"POSTED": 1}

    assert len(site.booked(row.transaction_id)) == 1


def test_what_a_look_up_does_not_find_is_not_sent_again_before_the_end_of_the_pause(invoice, site, instance):
    site.fault("server_error", only="AddInvoicePayment", times=1)
    row = leave(invoice)
    assert post().counts == {"UNKNOWN": 1}
    pause(instance)

    for minutes in (2, 10, 60):
        post(NOW + timedelta(minutes=minutes))
    assert (moves(row), site.booked(row.transaction_id)) == (["QUEUED", "SENDING", "UNKNOWN", "QUEUED"], [])

    pause(instance, False)
    assert post(NOW + timedelta(hours=2)).counts == {"POSTED": 1}
    assert len(site.booked(row.transaction_id)) == 1


def test_what_a_killed_worker_left_behind_is_not_taken_for_sent_or_unsent(invoice, instance):
    row = leave(invoice)
    claim_next(now=NOW, timing=usual())
    pause(instance)

    assert post(NOW + timedelta(hours=1)).counts["UNKNOWN"] == 1

    assert moves(row) == ["QUEUED", "SENDING", "UNKNOWN"]


def test_a_pause_in_the_middle_of_a_send_lets_that_one_finish_and_no_other(committed_acme, committed_instance, site):
    for _ in range(3):
        site.new_invoice("50.00")
    rows = [leave(invoice, "50.00") for invoice in mirror_newest(site, committed_instance, 3)]
    sending, paused = threading.Event(), threading.Event()

    def meet() -> None:
        sending.set()
        assert paused.wait(120)

    def pause_now() -> None:
        assert sending.wait(120)
        pause(committed_instance)
        paused.set()

    at_once(committed_acme, lambda: post(api_for=before("add_invoice_payment", meet)), pause_now)

    states = [Posting.objects.get(pk=row.pk).state for row in rows]
    assert sorted(states) == ["POSTED", "QUEUED", "QUEUED"]
    assert [len(site.booked(row.transaction_id)) for row in rows] == [int(state == "POSTED") for state in states]
    pause(committed_instance, False)
    assert post().counts == {"POSTED": 2}
    assert [len(site.booked(row.transaction_id)) for row in rows] == [1, 1, 1]


@pytest.mark.parametrize("state", ["ACTIVE", "BROKEN"])
def test_neither_a_test_nor_a_new_credential_resumes_it(instance, site, state):
    WhmcsInstance.objects.update(state=state)
    pause(instance)
    keys = world.WHMCS[site.slug]

    connection.test_instance(instance=WhmcsInstance.objects.get(), now=NOW)
    changed = connection.change_credential(instance=instance, identifier=keys.identifier, secret=keys.secret, now=NOW)

    assert (changed.state, changed.is_paused) == ("ACTIVE", True)
    assert WhmcsInstance.objects.get().is_paused


def test_a_paused_installation_is_not_read_and_resuming_makes_it_due_at_once(instance, in_acme):
    WhmcsInstance.objects.update(next_sync_at=NOW, last_attempt_at=None)
    pause(instance)

    tasks.sync_due_instances(tenant_id=str(in_acme.public_id))

    instance.refresh_from_db()
    assert (instance.last_attempt_at, instance.next_sync_at) == (None, None)
    assert not selectors.working_instances().exists()
    pause(instance, False)
    assert selectors.working_instances().get().next_sync_at == NOW


def test_a_run_stops_at_its_next_page_when_it_is_paused(instance, site):
    done = []

    def step(name, _done, _total):
        done.append(name)
        pause(instance)

    result = sync_instance(instance=instance, api=site.api(), now=timezone.now(), progress=step)

    assert (result.is_complete, len(done)) == (False, 1)


def test_no_single_invoice_is_read_from_a_paused_whmcs(invoice, instance):
    pause(instance)
    invoice.instance.refresh_from_db()

    with pytest.raises(Conflict, match="paused"):
        read_invoice(invoice=invoice, api_for=lambda _instance: pytest.fail("WHMCS was asked"), now=NOW)
