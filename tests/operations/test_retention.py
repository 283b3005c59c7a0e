"""What is kept for how long: persons go, sums and the audit log stay; in steps that can be stopped and repeated."""

import io
import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from banking.models import BankConnection, BankTransaction, PendingEntry, RawFetch, StatementImport
from matching.models import PayerProfile, Proposal
from payments.models import PaymentIntent, StripePayment, WebhookEvent
from payymo.audit.services import proving
from payymo.audit.services import recording as audit
from payymo.operations.services import retention, retention_settings
from payymo.operations.tasks import apply_retention
from tenants import context, sealing
from tenants.models import Tenant
from tests.factories import rows
from tests.factories.callers import Caller
from whmcs.models import Client, InvoiceLine

NOW = rows.NOW
PERSONAL = ("counterparty_name", "remittance_information", "counterparty_last4", "counterparty_hash", "end_to_end_id")


def transfer(days_ago, amount="10.00", **more):
    row = rows.transfer(
        "Danke, Erika Musterfrau", amount, name="Erika Musterfrau", counterparty_last4="3000",
        booking_date=(NOW - timedelta(days=days_ago)).date(), counterparty_hash="hash", end_to_end_id="E2E", **more,
    )  # fmt: skip
    row.raw_sealed = sealing.seal(row, "raw_sealed", '{"name": "Erika Musterfrau"}')
    row.counterparty_iban_sealed = sealing.seal(row, "counterparty_iban_sealed", "DE89370400440532013000")
    row.save()
    return row


def charge(days_ago, **more):
    return rows.charge(
        "20.00", charged_at=NOW - timedelta(days=days_ago), email="erika@example.org", name="Erika Musterfrau",
        description="Erika", metadata={"name": "Erika"}, payment_intent_id=more.pop("payment_intent_id", ""), **more,
    )  # fmt: skip


def is_erased(row):
    row.refresh_from_db()
    if isinstance(row, StripePayment):
        left = [row.email, row.name, row.description, row.metadata, bytes(row.raw_sealed)]
    else:
        left = [getattr(row, name) for name in PERSONAL]
        left += [bytes(row.raw_sealed), bytes(row.counterparty_iban_sealed)]
    if row.erased_at is None:
        assert any(left)
        return False
    assert not any(left)
    return True


def test_an_unmatched_payment_says_for_180_days_who_paid(in_acme):
    young, old = transfer(179), transfer(181)
    young_charge, old_charge = charge(179), charge(181)

    done = retention.retain(now=NOW)

    assert [is_erased(row) for row in (young, old, young_charge, old_charge)] == [False, True, False, True]
    assert (done.unmatched_transactions, done.unmatched_charges) == (1, 1)


def test_amounts_days_and_identity_stay_as_they_were(in_acme):
    row = transfer(200)
    before = BankTransaction.objects.values("amount", "currency", "booking_date", "identity", "fingerprint").get()
    total = BankTransaction.objects.aggregate(Sum("amount"))

    retention.retain(now=NOW)

    assert is_erased(row)
    kept = BankTransaction.objects.values("amount", "currency", "booking_date", "identity", "fingerprint").get()
    assert (kept, BankTransaction.objects.aggregate(Sum("amount"))) == (before, total)


def test_what_settles_an_invoice_or_a_payout_is_not_unmatched(in_acme):
    partly = transfer(400, allocated=Decimal("3.00"), state="PARTLY_ALLOCATED")
    done = transfer(400, allocated=Decimal("10.00"), state="RECONCILED")

    retention.retain(now=NOW)

    assert [is_erased(row) for row in (partly, done)] == [False, False]


def test_an_ignored_payment_is_unmatched(in_acme):
    row = transfer(181, state="IGNORED", ignored_reason="own transfer")

    retention.retain(now=NOW)

    assert is_erased(row)


def test_after_the_years_of_bookkeeping_the_matched_ones_do_not_say_it_either(in_acme):
    nine = transfer(9 * 365, allocated=Decimal("10.00"), state="RECONCILED")
    eleven = transfer(11 * 366, allocated=Decimal("10.00"), state="RECONCILED")
    old_client, client = rows.client("Old Ltd"), rows.client("New Ltd")
    old = rows.invoice("RE-1", "5", of=old_client, issue_date=date(2014, 1, 1), text="example.org for Erika")
    rows.invoice("RE-2", "5", of=client, issue_date=date(2014, 1, 1))
    rows.invoice("RE-3", "5", of=client, issue_date=date(2025, 1, 1))

    done = retention.retain(now=NOW)

    assert [is_erased(row) for row in (nine, eleven)] == [False, True]
    assert InvoiceLine.objects.get(invoice=old).description == ""
    assert sorted(Client.objects.values_list("company_name", flat=True)) == ["", "New Ltd"]
    assert (done.old_transactions, done.old_clients, done.old_invoice_lines) == (1, 1, 2)


def test_suggestions_quote_the_payment_and_go_with_it(in_acme):
    row = transfer(181)
    Proposal.objects.create(
        bank_transaction=row, band="none", probability=0, engine_version="1", amount=row.amount, currency="EUR",
        reasons=[{"text": "Erika Musterfrau"}],
    )  # fmt: skip

    retention.retain(now=NOW)

    assert Proposal.objects.count() == 0
    row.refresh_from_db()
    assert row.state == "UNRECONCILED"


def test_whole_answers_files_and_events_are_kept_for_30_days(in_acme):
    account, stripe = rows.account(), rows.stripe_connection()
    for days in (29, 31):
        for processed in (NOW, None):
            fetch = RawFetch(account=account, fetched_at=NOW - timedelta(days=days), processed_at=processed)
            fetch.payload_sealed = sealing.seal(fetch, "payload_sealed", "{}")
            fetch.save()
            event = WebhookEvent(
                connection=stripe, event_id=f"evt_{days}{processed}"[:60], kind="charge.updated",
                received_at=NOW - timedelta(days=days), processed_at=processed,
                next_attempt_at=None if processed else NOW,
            )  # fmt: skip
            event.payload_sealed = sealing.seal(event, "payload_sealed", "{}")
            event.save()
        file = StatementImport(file_name="a.csv", file_sha256=str(days) * 32, state="READY")
        file.file_sealed = sealing.seal(file, "file_sealed", "x")
        file.save()
        StatementImport.objects.filter(pk=file.pk).update(created_at=NOW - timedelta(days=days))

    done = retention.retain(now=NOW)

    assert sorted(len(bytes(row.payload_sealed)) > 0 for row in RawFetch.objects.all()) == [False, True, True, True]
    assert WebhookEvent.objects.count() == 3
    held = {row.file_sha256[:2]: (row.state, bool(bytes(row.file_sealed))) for row in StatementImport.objects.all()}
    assert held == {"29": ("READY", True), "31": ("DISCARDED", False)}
    assert (done.payloads, done.webhook_events) == (2, 1)


def test_an_attempt_to_pay_that_came_to_nothing_is_forgotten(in_acme):
    connection = rows.stripe_connection()
    charge(200, payment_intent_id="pi_paid", allocated=Decimal("20.00"), state="RECONCILED")
    for intent_id in ("pi_paid", "pi_lost"):
        PaymentIntent.objects.create(
            connection=connection, intent_id=intent_id, amount=1, currency="EUR", status="canceled",
            description="Erika", stripe_created_at=NOW - timedelta(days=200),
        )  # fmt: skip

    retention.retain(now=NOW)

    assert PaymentIntent.objects.get(intent_id="pi_lost").description == ""
    assert PaymentIntent.objects.get(intent_id="pi_paid").description == "Erika"


def test_stripe_does_not_bring_back_what_was_erased(in_acme):
    from payments.services.charges import _refresh

    row = charge(200)
    retention.retain(now=NOW)
    row.refresh_from_db()
    told = StripePayment(email="erika@example.org", name="Erika", amount_refunded=Decimal("5.00"), status="succeeded")

    assert _refresh(row, told)
    assert (row.email, row.name, row.amount_refunded) == ("", "", Decimal("5.00"))


def test_a_dry_run_counts_the_same_and_changes_nothing(in_acme):
    held = [transfer(181 + each) for each in range(3)]
    charge(181)

    dry = retention.retain(now=NOW, dry_run=True)

    assert not any(is_erased(row) for row in held)
    assert (dry.unmatched_transactions, dry.unmatched_charges) == (3, 1)
    wet = retention.retain(now=NOW)
    assert (wet.unmatched_transactions, wet.unmatched_charges) == (3, 1)
    assert retention.retain(now=NOW).total == 0


def test_it_goes_in_small_steps_and_goes_on_where_it_was_stopped(in_acme):
    held = [transfer(181) for _ in range(5)]

    def stops_after_the_first():
        return BankTransaction.objects.filter(erased_at__isnull=False).exists()

    first = retention.retain(now=NOW, batch=2, should_stop=stops_after_the_first)
    second = retention.retain(now=NOW, batch=2)

    assert (first.unmatched_transactions, second.unmatched_transactions) == (2, 3)
    assert all(is_erased(row) for row in held)


def test_the_queries_do_not_grow_with_the_rows(in_acme):
    def queries(count):
        for _ in range(count):
            transfer(181), charge(181)
        with CaptureQueriesContext(connection) as found:
            retention.retain(now=NOW)
        return len(found)

    queries(1)
    assert queries(3) == queries(30)


def test_only_this_tenant_is_touched_and_by_its_own_periods(in_acme, globex):
    retention_settings.change(tenant=in_acme, unmatched_days=30, bookkeeping_years=6)
    here, seven_years = transfer(31), transfer(7 * 366, allocated=Decimal("10.00"), state="RECONCILED")
    with context.inside(globex):
        there = transfer(31)

    retention.retain(now=NOW)
    with context.inside(globex):
        retention.retain(now=NOW)
        assert not is_erased(there)

    assert [is_erased(row) for row in (here, seven_years)] == [True, True]


def test_the_audit_log_is_whole_afterwards_and_says_what_was_done(committed_acme):
    audit.record(action="connection.added")
    transfer(200), charge(200)

    retention.retain(now=NOW)

    assert proving.verify().is_whole
    from payymo.audit.models import AuditEntry

    entry = AuditEntry.objects.get(action="retention.applied")
    assert (entry.details["unmatched_transactions"], entry.details["unmatched_charges"]) == (1, 1)
    assert "Erika" not in json.dumps(entry.details)


def test_the_task_and_the_command_do_it(in_acme):
    transfer(4000)
    out = io.StringIO()

    call_command("apply_retention", tenant="acme", dry_run=True, json=True, stdout=out)
    assert json.loads(out.getvalue())["unmatched_transactions"] == 1
    assert apply_retention(tenant_id=str(in_acme.public_id)) == 1

    with pytest.raises(CommandError, match="There is no tenant"):
        call_command("apply_retention", tenant="nobody", stdout=io.StringIO())


@pytest.mark.parametrize("given", [(29, 10), (731, 10), (180, 5), (180, 11)])
def test_periods_out_of_bounds_are_refused_and_change_nothing(in_acme, given):
    with pytest.raises(retention_settings.UnusablePeriod):
        retention_settings.change(tenant=in_acme, unmatched_days=given[0], bookkeeping_years=given[1])

    kept = Tenant.objects.get(pk=in_acme.pk)
    assert (kept.unmatched_days, kept.bookkeeping_years) == (180, 10)


def test_an_admin_changes_the_periods_over_the_api_and_a_reviewer_does_not(acme):
    path, wanted = "settings/retention/", {"unmatched_days": 90, "bookkeeping_years": 8}

    refused = Caller("reviewer").put(path, wanted)
    changed = Caller("admin").put(path, wanted)
    wrong = Caller("admin").put(path, {"unmatched_days": 9, "bookkeeping_years": 8})

    assert (refused.status_code, changed.status_code, wrong.status_code) == (403, 200, 400)
    assert changed.json() == wanted
    kept = Tenant.objects.get(pk=acme.pk)
    assert (kept.unmatched_days, kept.bookkeeping_years) == (90, 8)


class TestWithdrawnConsent:
    @pytest.fixture
    def connection(self, in_acme):
        row = BankConnection.objects.create(
            institution_id="BANK", institution_name="Bank", country="DE", state="REVOKED",
            withdrawn_at=NOW - timedelta(days=15),
        )  # fmt: skip
        rows.account(connection=row, owner_name="Erika Musterfrau")
        return row

    def test_what_no_bookkeeping_needs_is_erased_within_30_days(self, connection):
        account = connection.accounts.get()
        free, needed = transfer(3, into=account), transfer(3, into=account, allocated=Decimal("10"), state="RECONCILED")
        PendingEntry.objects.create(account=account, amount=1, currency="EUR", counterparty_name="Erika")
        fetch = RawFetch(account=account, fetched_at=NOW, processed_at=NOW)
        fetch.payload_sealed = sealing.seal(fetch, "payload_sealed", "{}")
        fetch.save()

        retention.retain(now=NOW)

        assert [is_erased(row) for row in (free, needed)] == [True, False]
        account.refresh_from_db()
        connection.refresh_from_db()
        fetch.refresh_from_db()
        assert (account.owner_name, PendingEntry.objects.count(), bytes(fetch.payload_sealed)) == ("", 0, b"")
        assert connection.data_erased_at == NOW

    def test_for_two_weeks_nothing_is_erased(self, connection):
        BankConnection.objects.update(withdrawn_at=NOW - timedelta(days=13))
        row = transfer(3, into=connection.accounts.get())

        retention.retain(now=NOW)

        assert not is_erased(row)

    def test_accounts_that_a_new_consent_took_over_keep_their_data(self, connection):
        account = connection.accounts.get()
        account.connection = BankConnection.objects.create(
            institution_id="BANK", institution_name="Bank", country="DE", state="LINKED"
        )
        account.save()
        row = transfer(3, into=account)

        retention.retain(now=NOW)

        assert not is_erased(row)


def test_profiles_of_payers_are_not_touched_by_the_retention_of_payments(in_acme):
    PayerProfile.objects.create(kind="name", key="erika", client=rows.client(), last_seen_date=NOW.date())
    transfer(181)

    retention.retain(now=NOW)

    assert PayerProfile.objects.count() == 1
