"""What no act of the log says: told when it begins, once, and again when it begins again."""

from datetime import UTC, datetime, timedelta

import pytest

from banking.models import BankAccount, BankConnection, StatementImport
from matching.models import Decision, InvoiceMatch, StripeInvoiceMatch
from matching.taken_back_models import TakenBack
from payments.models import Dispute, Refund, StripeConnection
from payymo.notices import words
from payymo.notices.models import Event
from payymo.notices.services import watching
from tests.factories import rows
from whmcs.models import PostingTransition, WhmcsInstance, WhmcsTransaction

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def seen(now=NOW):
    before = set(Event.objects.values_list("pk", flat=True))
    watching.watch(now=now)
    return sorted(
        (event.kind, event.details.get("reason") or event.details.get("outcome") or event.details.get("days") or "")
        for event in Event.objects.exclude(pk__in=before)
    )


@pytest.fixture
def consent(in_acme):
    return BankConnection.objects.create(
        institution_id="X", institution_name="Nordhaven", country="DE", state="LINKED", consent_ends_at=NOW + 40 * DAY
    )


def test_whmcs_that_refuses_is_told_once_and_again_after_it_worked(in_acme):
    whmcs = rows.instance()
    WhmcsInstance.objects.update(state="BROKEN", last_success_at=NOW - DAY)

    assert [seen(), seen(NOW + DAY)] == [[("feed.stopped", "refused")], []]

    WhmcsInstance.objects.update(state="ACTIVE", last_success_at=NOW + DAY)
    assert seen(NOW + DAY) == []
    WhmcsInstance.objects.update(state="BROKEN")
    assert seen(NOW + 2 * DAY) == [("feed.stopped", "refused")]
    assert Event.objects.filter(about=whmcs.public_id).count() == 2


@pytest.mark.parametrize("state", ["ACTIVE", "BROKEN"])
def test_a_paused_whmcs_is_no_news_until_it_is_resumed(in_acme, state):
    rows.instance(state=state, is_paused=True, last_success_at=NOW - 3 * DAY)

    assert seen() == []

    WhmcsInstance.objects.update(is_paused=False)
    assert [kind for kind, _ in seen()] == ["feed.stopped"]


def test_a_gateway_that_refuses_is_called_by_its_own_name(in_acme):
    for gateway in ("stripe", "gocardless"):
        StripeConnection.objects.create(account_id=gateway, gateway=gateway, livemode=False, state="BROKEN")

    watching.watch(now=NOW)

    assert sorted(map(words.text_of, Event.objects.all())) == [
        "GoCardless does not let Payymo in: nothing new is read.",
        "Stripe does not let Payymo in: nothing new is read.",
    ]


def test_a_silent_account_is_told_after_two_days(consent):
    rows.account(connection=consent, last_success_at=NOW - 2 * DAY)

    assert [seen(NOW - timedelta(seconds=1)), seen(NOW + timedelta(seconds=1))] == [[], [("feed.stopped", "silent")]]
    BankAccount.objects.update(is_paused=True, last_success_at=NOW - 5 * DAY)
    assert seen(NOW + DAY) == []


def test_a_new_account_that_may_be_known_is_told_once(consent):
    rows.account(connection=consent, last_success_at=NOW, held_at=NOW)

    assert [seen(), seen(NOW + DAY)] == [[("feed.stopped", "asks")], []]


def test_a_consent_that_ended_is_told_once(consent):
    BankConnection.objects.update(state="EXPIRED", consent_ends_at=NOW - DAY)

    assert [seen(), seen(NOW + DAY)] == [[("feed.stopped", "consent")], []]


def test_each_step_towards_the_end_of_a_consent_is_told(consent):
    assert seen() == []
    for days in (30, 14):
        BankConnection.objects.update(warned_days=days)
        assert [seen(), seen()] == [[("consent.ends", days)], []]


def test_a_posting_that_nobody_answers_for_is_told_after_15_minutes(in_acme):
    posting = unknown_posting()

    assert seen(NOW + timedelta(minutes=14)) == []
    assert seen(NOW + timedelta(minutes=15)) == [("posting.unclear", "")]
    event = Event.objects.get()
    assert event.details == {"posting": str(posting.public_id), "amount": "49.00", "currency": "EUR"}


def unknown_posting():
    from whmcs.models import Posting

    invoice, transfer = rows.invoice("INV-1", "49.00"), rows.transfer("INV-1", "49.00")
    posting = Posting.objects.create(
        instance=invoice.instance, invoice=invoice, amount="49.00", currency="EUR", paid_at=NOW, gateway="banktransfer",
        transaction_id="pm-1", state="UNKNOWN", not_before=NOW,
    )  # fmt: skip
    PostingTransition.objects.create(posting=posting, sequence=1, to_state="UNKNOWN", moved_at=NOW)
    decision = Decision.objects.create(kind="APPROVE", source="PERSON", bank_transaction=transfer, decided_at=NOW)
    InvoiceMatch.objects.create(
        bank_transaction=transfer, invoice=invoice, amount="49.00", currency="EUR",
        decision=decision, posting=posting, allocated_at=NOW,
    )  # fmt: skip
    return posting


def test_a_dispute_is_told_when_it_opens_and_when_it_ends(in_acme):
    charge = rows.charge("20.00")
    Dispute.objects.create(
        payment=charge,
        dispute_id="dp_1",
        amount="20.00",
        currency="EUR",
        status="needs_response",
        disputed_at=NOW - DAY,
    )

    assert [seen(), seen()] == [[("dispute.changed", "open")], []]
    Dispute.objects.update(status="lost")
    assert seen() == [("dispute.changed", "lost")]


def refunded(charge, **fields):
    return Refund.objects.create(
        payment=charge, refund_id=f"re_{charge.pk}", amount="20.00", currency="EUR", status="succeeded",
        refunded_at=NOW - timedelta(hours=2), **fields,
    )  # fmt: skip


def booked_in_whmcs(charge):
    paid = rows.invoice(f"INV-{charge.pk}", "0.00", status="Paid", total="20.00")
    return WhmcsTransaction.objects.create(
        instance=paid.instance, whmcs_id=charge.pk, invoice=paid, gateway="stripe", booked_at="2026-11-18 10:00:00",
        amount_in="20.00", transaction_id=charge.charge_id,
    )  # fmt: skip


def test_a_refund_of_a_charge_that_only_whmcs_knows_is_told_two_hours_later_unless_whmcs_shows_it(in_acme):
    charge, other = rows.charge("20.00"), rows.charge("20.00")
    refund, _ = refunded(charge), refunded(other)
    booked_in_whmcs(charge)

    assert seen(NOW - timedelta(minutes=1)) == []
    assert [seen(), seen(NOW + DAY)] == [[("payment.taken_back", "")], []]
    event = Event.objects.get()
    money = {"amount": "20.00", "currency": "EUR"}
    assert (event.about, event.details) == (
        charge.public_id, {"receipt": str(charge.public_id), "what": "refund", **money}
    )  # fmt: skip
    assert words.text_of(event) == "A gateway refunded 20.00\u00a0EUR, and WHMCS does not show it yet."

    booked_in_whmcs(other)
    WhmcsTransaction.objects.create(
        instance=rows.instance(), whmcs_id=9, booked_at="2026-11-20 08:00:00", amount_out="20.00", gateway="stripe",
        transaction_id=f"re_{other.pk}",
    )  # fmt: skip
    assert (seen(NOW + DAY), refund.status) == ([], "succeeded")


@pytest.mark.parametrize("what", ["refund", "dispute"])
def test_money_of_a_matched_charge_that_went_back_is_told_until_somebody_dealt_with_it(in_acme, what):
    charge = matched_charge()
    lost = {"dispute_id": "dp_1", "status": "lost", "disputed_at": NOW - 90 * DAY}
    made = refunded(charge) if what == "refund" else Dispute.objects.create(
        payment=charge, amount="20.00", currency="EUR", **lost
    )  # fmt: skip
    row = TakenBack.objects.create(noticed_at=NOW - timedelta(hours=2), **{what: made})
    seen_before = [kind for kind, _ in seen(NOW - timedelta(minutes=1)) if kind == "payment.taken_back"]

    told = [kind for kind, _ in seen() if kind == "payment.taken_back"]

    assert (seen_before, told, seen(NOW + DAY)) == ([], ["payment.taken_back"], [])
    Event.objects.all().delete()
    TakenBack.objects.filter(pk=row.pk).update(dealt_with_at=NOW)
    assert [kind for kind, _ in seen() if kind == "payment.taken_back"] == []


def test_no_refund_is_told_missing_in_a_whmcs_that_is_paused(in_acme):
    charge, matched = rows.charge("20.00"), matched_charge()
    refunded(charge)
    booked_in_whmcs(charge)
    TakenBack.objects.create(noticed_at=NOW - timedelta(hours=2), refund=refunded(matched))
    WhmcsInstance.objects.update(is_paused=True)

    assert seen() == []

    WhmcsInstance.objects.update(is_paused=False)
    assert seen() == [("payment.taken_back", "")] * 2


def matched_charge():
    charge, invoice = rows.charge("20.00"), rows.invoice("INV-7", "0.00", status="Paid")
    decision = Decision.objects.create(kind="APPROVE", source="PERSON", stripe_payment=charge, decided_at=NOW)
    StripeInvoiceMatch.objects.create(
        stripe_payment=charge, invoice=invoice, amount="20.00", currency="EUR", decision=decision, allocated_at=NOW
    )
    return charge


def test_refused_entries_of_an_imported_file_are_told_with_their_number(in_acme):
    made = StatementImport.objects.create(
        file_name="a.csv", file_sha256="0" * 64, file_sealed=b"", state="READY", refused=[{"line": 3}, {"line": 9}]
    )
    assert seen() == []

    StatementImport.objects.update(state="COMMITTED", committed_at=NOW)
    assert [seen(), seen()] == [[("import.refused", "")], []]
    event = Event.objects.get()
    assert (event.about, event.details) == (made.public_id, {"refused": 2})


def test_old_news_is_no_news(consent):
    rows.account(connection=consent, last_success_at=NOW - 60 * DAY)
    BankConnection.objects.create(
        institution_id="Y", institution_name="Y", country="DE", state="EXPIRED", consent_ends_at=NOW - 60 * DAY
    )

    assert seen() == []


def test_the_queries_do_not_grow_with_what_is_watched(consent, queries_of):
    def some(count):
        for number in range(count):
            rows.account(connection=consent, last_success_at=NOW - 3 * DAY)
            Dispute.objects.create(
                payment=rows.charge("20.00"), dispute_id=f"dp_{count}_{number}", amount="20.00", currency="EUR",
                status="lost", disputed_at=NOW,
            )  # fmt: skip
        return queries_of(lambda: watching.watch(now=NOW))

    some(1)
    assert some(2) == some(6)
