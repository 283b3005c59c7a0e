"""Deciding payments in the browser: by plain forms and as fragments, too late, wrongly, without the right."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from matching.models import Decision, InvoiceMatch, Proposal
from matching.services import allocation, proposing
from matching.services.decisions import Actor
from tests.factories import rows
from whmcs.models import Posting

LATER = (timezone.now() + timedelta(days=20)).date().isoformat()


@pytest.fixture
def debt(in_acme):
    return rows.invoice("INV-1042", "119.00")


@pytest.fixture
def payment(debt):
    row = rows.transfer("INV-1042 hosting", "119.00")
    proposing.propose(receipts=[row], now=timezone.now())
    return row


@pytest.fixture
def next_payment(payment):
    rows.invoice("INV-1043", "20.00")
    row = rows.transfer("INV-1043", "20.00")
    proposing.propose(receipts=[row], now=timezone.now())
    return row


def state_of(row):
    row.refresh_from_db()
    return row.state, str(row.allocated)


def panel_of(browser, row):
    return browser.get(f"/review/{row.public_id}/").context["page"].panel


def form_of(browser, row):
    """The fields that the panel's form sends."""
    panel = panel_of(browser, row)
    return {"version": panel.version, "candidate": panel.candidates[0].key}


def nothing_written():
    return not (Decision.objects.exists() or InvoiceMatch.objects.exists() or Posting.objects.exists())


def test_approving_by_a_plain_form_goes_back_to_the_queue(as_reviewer, payment, debt):
    answer = as_reviewer.post(f"/review/{payment.public_id}/approve/", form_of(as_reviewer, payment))

    assert (answer.status_code, answer["Location"]) == (303, "/review/")
    assert state_of(payment) == ("RECONCILED", "119.000")
    decision = Decision.objects.get()
    assert (decision.kind, decision.source, decision.decided_by_name) == ("APPROVE", "person", "Reviewer")
    assert InvoiceMatch.objects.get().invoice == debt


def test_approving_as_a_fragment_answers_the_next_payment(as_reviewer, payment, next_payment):
    sent = {**form_of(as_reviewer, payment), "next": str(next_payment.public_id)}

    answer = as_reviewer.fragment("post", f"/review/{payment.public_id}/approve/", sent)

    page = answer.context["page"]
    assert (answer.status_code, answer.templates[0].name) == (200, "dashboard/review/decided.html")
    assert (page.removed, page.panel.receipt_id) == ((str(payment.public_id),), str(next_payment.public_id))
    assert page.undo is not None
    assert "1 left" in page.announcement


def test_the_last_payment_leaves_an_empty_panel(as_reviewer, payment):
    answer = as_reviewer.fragment("post", f"/review/{payment.public_id}/approve/", form_of(as_reviewer, payment))

    assert (answer.status_code, answer.context["page"].panel) == (200, None)


def test_a_decided_payment_shows_what_it_pays_and_no_missing_suggestion(as_reviewer, payment):
    path = f"/review/{payment.public_id}/"
    as_reviewer.post(f"{path}approve/", form_of(as_reviewer, payment))

    answer = as_reviewer.fragment("get", f"{path}panel/")

    panel, text = answer.context["page"], answer.content.decode()
    assert (panel.pays, panel.none_text) == (("INV-1042: 119.00\xa0EUR",), "")
    assert ("What it pays" in text, "No suggestion" in text) == (True, False)


def test_rejecting_keeps_the_payment_in_the_queue(as_reviewer, payment):
    answer = as_reviewer.fragment("post", f"/review/{payment.public_id}/reject/", form_of(as_reviewer, payment))

    page = answer.context["page"]
    assert (answer.status_code, page.removed, page.panel.receipt_id) == (200, (), str(payment.public_id))
    assert (Decision.objects.get().kind, state_of(payment)) == ("REJECT", ("UNRECONCILED", "0.000"))


@pytest.mark.parametrize(
    ("act", "sent", "kind"),
    [
        ("reject", {}, "REJECT"),
        ("hold", {"until": LATER}, "HOLD"),
        ("ignore", {"reason": "refund"}, "IGNORE"),
    ],
)
def test_every_plain_decision_is_written_once_and_answers_303(as_reviewer, payment, act, sent, kind):
    answer = as_reviewer.post(f"/review/{payment.public_id}/{act}/", {**form_of(as_reviewer, payment), **sent})

    assert (answer.status_code, answer["Location"]) == (303, "/review/")
    assert list(Decision.objects.values_list("kind", flat=True)) == [kind]
    assert not Posting.objects.exists()


def test_a_payment_put_off_leaves_the_queue_until_its_day(as_reviewer, payment):
    as_reviewer.post(f"/review/{payment.public_id}/hold/", {"until": LATER})

    assert as_reviewer.get("/review/").context["page"].panel is None


@pytest.mark.parametrize(
    ("act", "sent"),
    [
        ("hold", {"until": "soon"}),
        ("hold", {"until": "2001-01-01"}),
        ("hold", {"until": "2099-01-01"}),
        ("ignore", {"reason": "because"}),
        ("ignore", {}),
    ],
)
@pytest.mark.parametrize("is_fragment", [True, False])
def test_a_form_that_does_not_fit_is_422_with_a_sentence(as_reviewer, payment, act, sent, is_fragment):
    path = f"/review/{payment.public_id}/{act}/"

    answer = as_reviewer.fragment("post", path, sent) if is_fragment else as_reviewer.post(path, sent)

    page = answer.context["page"]
    assert answer.status_code == 422
    assert (page if is_fragment else page.panel).error
    assert nothing_written()


def test_undo_by_a_plain_form_shows_the_payment_again(as_reviewer, payment):
    as_reviewer.post(f"/review/{payment.public_id}/approve/", form_of(as_reviewer, payment))
    undo = as_reviewer.get("/review/").context["page"].undo

    answer = as_reviewer.post(undo.undo_url)

    assert (answer.status_code, answer["Location"]) == (303, f"/review/{payment.public_id}/")
    assert state_of(payment) == ("UNRECONCILED", "0.000")
    assert Proposal.objects.filter(bank_transaction=payment, status="OPEN", rank=1).count() == 1


def test_undo_as_a_fragment_answers_the_row_and_the_panel(as_reviewer, payment):
    decided = as_reviewer.fragment("post", f"/review/{payment.public_id}/approve/", form_of(as_reviewer, payment))

    answer = as_reviewer.fragment("post", decided.context["page"].undo.undo_url)

    assert (answer.status_code, answer.templates[0].name) == (200, "dashboard/review/undone.html")
    assert answer.context["page"].panel.receipt_id == str(payment.public_id)


def test_undoing_twice_is_a_conflict(as_reviewer, payment):
    as_reviewer.post(f"/review/{payment.public_id}/approve/", form_of(as_reviewer, payment))
    undo = as_reviewer.get("/review/").context["page"].undo.undo_url
    as_reviewer.post(undo)

    assert as_reviewer.fragment("post", undo).status_code == 409

    assert state_of(payment) == ("UNRECONCILED", "0.000")
    assert Decision.objects.count() == 2


@pytest.mark.parametrize("is_fragment", [True, False])
def test_a_colleague_who_was_faster_is_a_conflict(as_reviewer, owner, payment, is_fragment):
    sent = form_of(as_reviewer, payment)
    allocation.approve_proposal(proposal_id=sent["candidate"], actor=Actor.person(owner), now=timezone.now())
    path = f"/review/{payment.public_id}/approve/"

    answer = as_reviewer.fragment("post", path, sent) if is_fragment else as_reviewer.post(path, sent)

    assert answer.status_code == 409
    template = "dashboard/review/conflict.html" if is_fragment else "dashboard/review/page.html"
    assert template in [each.name for each in answer.templates]
    assert "nothing was saved" in answer.content.decode()
    assert (Decision.objects.count(), Posting.objects.count()) == (1, 1)


def test_a_version_of_before_is_a_conflict_and_nothing_is_written(as_reviewer, payment):
    sent = {**form_of(as_reviewer, payment), "version": "0123456789abcdef"}
    for act in ("approve", "reject", "hold", "ignore", "find", "split"):
        answer = as_reviewer.fragment(
            "post", f"/review/{payment.public_id}/{act}/", {**sent, "until": LATER, "reason": "refund"}
        )

        assert (act, answer.status_code, answer.context["page"].gone) == (act, 409, False)
    assert nothing_written()


def test_a_suggestion_of_another_payment_is_a_conflict(as_reviewer, payment, next_payment):
    other = form_of(as_reviewer, next_payment)["candidate"]

    answer = as_reviewer.fragment("post", f"/review/{payment.public_id}/approve/", {"candidate": other})

    assert answer.status_code == 409
    assert nothing_written()


def test_an_invoice_that_was_found_is_matched(as_reviewer, payment):
    wanted = rows.invoice("INV-7777", "200.00")
    found = as_reviewer.get(f"/review/{payment.public_id}/find/", {"q": "INV-7777"}).context["page"].panel.find
    assert [(each.number, str(each.outstanding.value)) for each in found.results] == [("INV-7777", "200.000")]

    answer = as_reviewer.post(f"/review/{payment.public_id}/find/", {"invoice": found.results[0].key})

    assert answer.status_code == 303
    match = InvoiceMatch.objects.get()
    assert (match.invoice, match.amount, state_of(payment)) == (wanted, Decimal(119), ("RECONCILED", "119.000"))


def test_finding_without_a_choice_says_so(as_reviewer, payment):
    answer = as_reviewer.fragment("post", f"/review/{payment.public_id}/find/", {"invoice": "x"})

    assert (answer.status_code, answer.context["page"].error) == (422, "Choose an invoice.")
    assert nothing_written()


@pytest.fixture
def second_debt(debt):
    return rows.invoice("INV-1050", "80.00", of=debt.client)


def split(browser, payment, amounts, method="post", **more):
    sent = {f"amount-{invoice.public_id}": text for invoice, text in amounts.items()}
    path = f"/review/{payment.public_id}/split/"
    return browser.fragment("post", path, {**sent, **more}) if method == "fragment" else browser.post(
        path, {**sent, **more}
    )  # fmt: skip


def test_a_split_gives_each_invoice_its_part(as_reviewer, payment, debt, second_debt):
    answer = split(as_reviewer, payment, {debt: "50.00", second_debt: "69,00"})

    assert answer.status_code == 303
    assert sorted(InvoiceMatch.objects.values_list("invoice__number", "amount")) == [
        ("INV-1042", Decimal(50)),
        ("INV-1050", Decimal(69)),
    ]
    assert state_of(payment) == ("RECONCILED", "119.000")


@pytest.mark.parametrize(("currency", "written"), [("EUR", "1,190.00"), ("JPY", "1,190"), ("KWD", "1,190.000")])
def test_a_split_takes_amounts_as_it_writes_them(as_reviewer, in_acme, currency, written):
    debt = rows.invoice("INV-9", "1190", currency=currency)
    payment = rows.transfer("hosting", "1190", currency=currency)
    shown = as_reviewer.fragment("get", f"/review/{payment.public_id}/split/", {"invoice": debt.public_id})

    answer = split(as_reviewer, payment, {debt: written})

    assert [row.text for row in shown.context["page"].split.rows] == [written]
    assert answer.status_code == 303
    assert state_of(payment) == ("RECONCILED", "1190.000")


def test_a_rest_must_be_left_open_on_purpose(as_reviewer, payment, debt):
    assert split(as_reviewer, payment, {debt: "50.00"}).status_code == 422
    assert nothing_written()

    assert split(as_reviewer, payment, {debt: "50.00"}, rest="open").status_code == 303
    assert state_of(payment) == ("PARTLY_ALLOCATED", "50.000")


@pytest.mark.parametrize("text", ["fifty", "-5", "1e2", "1.000,00", "50.001", "NaN", "119.01", "999999999999999"])
def test_a_bad_amount_is_422_and_kept_in_the_form(as_reviewer, payment, debt, text):
    answer = split(as_reviewer, payment, {debt: text}, method="fragment", rest="open")

    panel = answer.context["page"]
    assert answer.status_code == 422
    assert panel.error
    assert nothing_written()
    assert [row.text for row in panel.split.rows] == [text]


def test_a_split_of_more_than_the_payment_holds_says_by_how_much(as_reviewer, payment, debt, second_debt):
    answer = split(as_reviewer, payment, {debt: "119.00", second_debt: "0.50"})

    assert answer.status_code == 422
    assert answer.context["page"].panel.error == "This is 0.50\u00a0EUR more than the payment holds."
    assert nothing_written()


def test_a_split_made_before_a_colleague_used_the_invoice_is_a_conflict(as_reviewer, owner, payment, debt):
    version = panel_of(as_reviewer, payment).version
    line = allocation.Line(debt.pk, Decimal(100))
    allocation.allocate_by_hand(
        receipt_id=payment.public_id, lines=[line], actor=Actor.person(owner), now=timezone.now()
    )

    answer = split(as_reviewer, payment, {debt: "119.00"}, method="fragment", version=version)

    assert answer.status_code == 409
    assert Decision.objects.count() == 1


def test_another_row_of_the_editor_is_no_decision(as_reviewer, payment, debt, second_debt):
    answer = split(as_reviewer, payment, {debt: "119.00"}, method="fragment", do="add", invoice=second_debt.public_id)

    assert answer.status_code == 200
    assert [(row.number, row.text) for row in answer.context["page"].split.rows] == [
        ("INV-1042", "119.00"),
        ("INV-1050", "0.00"),
    ]
    assert nothing_written()


@pytest.mark.parametrize("act", ["approve", "reject", "hold", "ignore", "find", "split"])
def test_a_viewer_cannot_decide(as_viewer, payment, act):
    sent = {"until": LATER, "reason": "refund"}

    assert as_viewer.fragment("post", f"/review/{payment.public_id}/{act}/", sent).status_code == 403
    assert as_viewer.post(f"/review/{payment.public_id}/{act}/", sent).status_code == 403

    assert nothing_written()


def test_a_fragment_for_nobody_is_401_for_the_script(anonymous, payment):
    answer = anonymous.fragment("get", f"/review/{payment.public_id}/panel/")

    assert (answer.status_code, answer["Content-Type"]) == (401, "text/plain")


def find(browser, payment, text):
    page = browser.get(f"/review/{payment.public_id}/find/", {"q": text}).context["page"]
    return page.panel.find


@pytest.mark.parametrize(
    ("currency", "text", "finds"),
    [
        ("EUR", "=1,190.00\u00a0EUR", True),
        ("EUR", "=1.190", True),
        ("EUR", "~1.200,00", True),
        ("EUR", "=11.90", False),
        ("KWD", "=1.190", False),
        ("KWD", "=1,190.000", True),
        ("JPY", "=1,190", True),
    ],
)
def test_find_reads_an_amount_by_the_payments_currency(as_reviewer, in_acme, currency, text, finds):
    rows.invoice("INV-9", "1190", currency=currency)
    payment = rows.transfer("hosting", "20", currency=currency)

    assert [each.number for each in find(as_reviewer, payment, text).results] == (["INV-9"] if finds else [])


@pytest.fixture
def market(debt):
    """Debts beside the payment of 119.00 and its INV-1042."""
    baker = rows.client("Müller Bäckerei", email="office@baeckerei.example")
    return {
        "near": rows.invoice("INV-2001", "124.95", of=baker),
        "far": rows.invoice("INV-2002", "900.00", of=rows.client("Mueller Metall")),
        "equal": rows.invoice("INV-2003", "119.00", text="Domain baeckerei.example"),
        "dollars": rows.invoice("INV-2004", "119.00", currency="USD"),
        "paid": rows.invoice("INV-2005", "119.00", status="Paid"),
    }


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("=", ["INV-1042", "INV-2003"]),
        ("~", ["INV-1042", "INV-2003", "INV-2001"]),
        ("=124.95", ["INV-2001"]),
        ("~120 muller", ["INV-2001"]),
        ("baeckerei.example", ["INV-2003", "INV-2001"]),
        ("muller", ["INV-2001", "INV-2002"]),
        ("office@baeckerei.example", ["INV-2001"]),
        ("2003", ["INV-2003"]),
        ("900", ["INV-2002"]),
        ("=x", []),
        ("~0", []),
        ("  ", []),
    ],
)
def test_find_reads_amounts_names_addresses_and_numbers(as_reviewer, payment, market, text, numbers):
    assert [each.number for each in find(as_reviewer, payment, text).results] == numbers


def test_a_found_invoice_says_why_it_fits_this_payment(as_reviewer, payment, market):
    first, second, *_ = find(as_reviewer, payment, "inv").results

    assert first.number == "INV-1042"
    assert {"Invoice number", "Amount"} <= {reason.title for reason in first.reasons}
    assert second.number == "INV-2003"
    assert [(reason.mark, reason.title) for reason in second.reasons if reason.title == "Amount"] == [("yes", "Amount")]


def test_a_part_payment_is_found_by_what_it_still_holds(as_reviewer, payment, debt, market):
    split(as_reviewer, payment, {debt: "19.00"}, rest="open")
    rows.invoice("INV-3001", "100.00")

    assert "INV-3001" in [each.number for each in find(as_reviewer, payment, "=").results]


def test_many_results_are_cut_and_it_is_said_that_there_are_more(as_reviewer, payment, queries_of):
    owner = rows.client("Bulk Ltd")
    for serial in range(25):
        rows.invoice(f"B-{serial}", "10.00", of=owner)
    found = find(as_reviewer, payment, "bulk")
    assert (len(found.results), found.more) == (20, True)
    few = queries_of(lambda: find(as_reviewer, payment, "bulk"))
    for serial in range(25, 50):
        rows.invoice(f"B-{serial}", "10.00", of=rows.client(f"Bulk {serial}"))

    assert queries_of(lambda: find(as_reviewer, payment, "bulk")) == few
