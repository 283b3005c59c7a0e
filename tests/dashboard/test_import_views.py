"""Statement files in the browser: upload, columns, preview, import, each with plain forms."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from banking.models import BankConnection, BankTransaction, StatementImport
from banking.services.linking import new_account
from banking.services.notes import Note
from tests.banking import statements
from tests.banking.entries import IBAN
from tests.banking.workbooks import archive, number, sheet, text, workbook

TWO = (("11.90", "Invoice RE-1042"), ("50.00", "Invoice RE-1043"))
UNCLEAR = b"Wann;Wieviel\n03.02.2026;11,90\n04.02.2026;50,00\n"
State = StatementImport.State


@pytest.fixture
def account(in_acme):
    row = new_account(number=IBAN, currency="EUR", is_iban=True)
    row.save()
    return row


def send(browser, content, name="statement.xml", **fields):
    return browser.post("/imports/new/", {"file": SimpleUploadedFile(name, content), **fields})


def uploaded(browser, content, **fields):
    answer = send(browser, content, **fields)
    assert answer.status_code == 303, answer.content.decode()
    return StatementImport.objects.get(public_id=answer["Location"].split("/")[2])


def test_a_statement_is_shown_before_it_is_imported_and_then_imported_once(as_reviewer, account):
    row = uploaded(as_reviewer, statements.camt(*TWO))
    shown = as_reviewer.get(f"/imports/{row.public_id}/")
    assert shown.status_code == 200
    page = shown.context["page"]
    assert (page.step, page.new, page.known, page.refused) == ("preview", 2, 0, 0)
    assert [(each.state, str(each.amount.value)) for each in page.rows] == [("new", "11.900"), ("new", "50.000")]
    assert [(str(each.entries.value), each.holds) for each in page.proofs] == [("61.90", True)]
    assert not BankTransaction.objects.exists()

    for _ in range(2):
        assert as_reviewer.post(page.commit_url).status_code == 303

    done = as_reviewer.get(f"/imports/{row.public_id}/").context["page"]
    assert (done.step, done.new, [each.state for each in done.rows]) == ("done", 2, ["new", "new"])
    assert BankTransaction.objects.count() == 2
    assert [each.name for each in as_reviewer.get(done.result_url).context["page"].rows] == ["Erika Muster"] * 2


def test_a_file_that_was_erased_says_so_and_what_came_of_it_stays(as_reviewer, account):
    row = uploaded(as_reviewer, statements.camt(*TWO))
    as_reviewer.post(f"/imports/{row.public_id}/commit/")
    StatementImport.objects.update(file_sealed=b"")

    shown = as_reviewer.get(f"/imports/{row.public_id}/")

    assert shown.status_code == 200
    assert "was erased after 30 days" in shown.content.decode()
    assert BankTransaction.objects.count() == 2


def test_the_list_of_transactions_of_a_file_holds_no_others(as_reviewer, account):
    first = uploaded(as_reviewer, statements.camt(*TWO))
    second = uploaded(as_reviewer, statements.camt(("7.00", "Other"), day="2026-03-05", opening="161.90"))
    for row in (first, second):
        as_reviewer.post(f"/imports/{row.public_id}/commit/")

    page = as_reviewer.get(f"/transactions/?import={second.public_id}").context["page"]

    assert [str(row.amount.value) for row in page.rows] == ["7.000"]


def test_the_same_file_again_says_so_and_adds_nothing(as_reviewer, account):
    as_reviewer.post(f"/imports/{uploaded(as_reviewer, statements.camt(*TWO)).public_id}/commit/")

    again = uploaded(as_reviewer, statements.camt(*TWO))
    preview = as_reviewer.get(f"/imports/{again.public_id}/").content.decode()
    answer = as_reviewer.post(f"/imports/{again.public_id}/commit/", follow=True)

    assert ("Keep as imported" in preview, "Import 0" in preview) == (True, False)
    assert "This file was imported before" in answer.content.decode()
    assert BankTransaction.objects.count() == 2


def test_balances_that_do_not_add_up_need_a_second_press(as_reviewer, account):
    row = uploaded(as_reviewer, statements.camt(*TWO, closing="999.00"))

    preview = as_reviewer.get(f"/imports/{row.public_id}/").context["page"]
    assert preview.error.startswith("Opening plus entries is not closing")
    assert [shown.state.text for shown in as_reviewer.get("/imports/").context["page"].rows] == ["Not proved"]
    refused = as_reviewer.post(f"/imports/{row.public_id}/commit/")
    assert refused.status_code == 409
    assert "do not add up" in refused.content.decode()
    assert "Import 2 transactions anyway" in refused.content.decode()
    assert not BankTransaction.objects.exists()
    pressed = as_reviewer.post(refused.context["page"].commit_url)

    assert pressed.status_code == 303
    assert BankTransaction.objects.count() == 2


def test_the_first_file_of_a_company_is_asked_for_the_account_that_it_does_not_name(as_reviewer, in_acme):
    row = uploaded(as_reviewer, statements.csv("31.03.2026;49,00;EUR;Erika;RE-1"), name="umsaetze.csv")
    asked = as_reviewer.get(f"/imports/{row.public_id}/").context["page"]
    assert (asked.step, asked.error) == (
        "map", "The file does not say which account it is of; what is its number?",
    )  # fmt: skip
    sent = {name: value for name, value in asked.mapping.initial.items() if value not in (None, (), [])}

    refused = as_reviewer.post(asked.map_url, {**sent, "fixed_account": ""})
    assert refused.status_code == 422
    assert refused.context["page"].error.startswith("The file does not say which account it is of.")
    assert as_reviewer.post(asked.map_url, {**sent, "fixed_account": IBAN}).status_code == 303

    shown = as_reviewer.get(f"/imports/{row.public_id}/").context["page"]
    assert (shown.step, shown.new) == ("preview", 1)
    assert as_reviewer.post(shown.commit_url).status_code == 303
    assert BankTransaction.objects.get().account.iban_last4 == IBAN[-4:]


def test_columns_and_account_that_a_file_leaves_open_are_asked_for_at_once(as_reviewer, in_acme):
    row = uploaded(as_reviewer, UNCLEAR, name="umsaetze.csv")

    asked = as_reviewer.get(f"/imports/{row.public_id}/").context["page"]

    assert asked.error.startswith("Which column holds the booking date?")
    assert asked.error.endswith("what is its number?")


def test_the_columns_of_an_unclear_table_are_asked_for(as_reviewer, account):
    row = uploaded(as_reviewer, UNCLEAR, name="umsaetze.csv", account=str(account.public_id))
    asked = as_reviewer.get(f"/imports/{row.public_id}/").context["page"]
    assert (row.state, asked.step, asked.sample[0]) == (State.NEEDS_MAPPING, "map", ("Wann", "Wieviel"))
    assert (asked.mapping.initial["fixed_currency"], asked.mapping.initial["fixed_account"]) == ("EUR", IBAN)
    sent = {
        "header_row": "1", "booking_date": "0", "amount": "1", "date_order": "dmy", "decimal_sign": ",",
        "fixed_currency": "eur",
    }  # fmt: skip

    missing = as_reviewer.post(asked.map_url, {**sent, "booking_date": ""})
    assert (missing.status_code, list(missing.context["page"].mapping.errors)) == (422, ["booking_date"])
    beyond = as_reviewer.post(asked.map_url, {**sent, "amount": "9"})
    assert (beyond.status_code, list(beyond.context["page"].mapping.errors)) == (422, ["amount"])
    open_point = as_reviewer.post(asked.map_url, {**sent, "amount": ""})
    assert open_point.status_code == 422
    assert "hold the amount" in open_point.context["page"].error
    assert StatementImport.objects.get().state == State.NEEDS_MAPPING
    assert as_reviewer.post(asked.map_url, sent).status_code == 303

    shown = as_reviewer.get(f"/imports/{row.public_id}/").context["page"]
    assert [(each.day, str(each.amount.value)) for each in shown.rows] == [
        ("3 Feb 2026", "11.900"),
        ("4 Feb 2026", "50.000"),
    ]
    again = as_reviewer.get(f"/imports/{row.public_id}/map/").context["page"]
    assert (again.step, again.mapping.initial["booking_date"]) == ("map", 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"%PDF-1.7 statement", "a PDF document"),
        (b"PK\x03\x04xlsx", "The archive is damaged."),
        (statements.camt(*TWO, iban="GB33BUKB20201555555555"), "account ending in 5555"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_a_sentence(as_reviewer, account, content, said):
    answer = send(as_reviewer, content, account=str(account.public_id))

    assert answer.status_code == 422
    assert said in answer.context["page"].error
    assert not StatementImport.objects.exists()


def test_without_a_file_the_form_asks_for_one(as_reviewer):
    answer = as_reviewer.post("/imports/new/", {})

    assert answer.status_code == 422
    assert "Choose a file." in answer.content.decode()


def test_a_file_of_10_mib_is_read_and_one_byte_more_is_not(as_reviewer, account):
    limit = 10 * 1024 * 1024
    whole = statements.camt(*TWO)
    assert uploaded(as_reviewer, whole + b" " * (limit - len(whole))).new_count == 2

    answer = send(as_reviewer, whole + b" " * (limit - len(whole) + 1))

    assert answer.status_code == 413
    assert "larger than 10 MB" in answer.content.decode()
    assert StatementImport.objects.count() == 1


def test_an_upload_needs_the_forms_token(as_reviewer, in_acme):
    strict = Client(enforce_csrf_checks=True, HTTP_HOST="acme.localhost")
    strict.cookies = as_reviewer.cookies

    answer = strict.post("/imports/new/", {"file": SimpleUploadedFile("a.xml", statements.camt(*TWO))})

    assert answer.status_code == 403


def test_a_discarded_file_cannot_be_imported(as_reviewer, account):
    row = uploaded(as_reviewer, statements.camt(*TWO))

    assert as_reviewer.post(f"/imports/{row.public_id}/discard/").status_code == 303
    answer = as_reviewer.post(f"/imports/{row.public_id}/commit/")

    assert answer.status_code == 409
    assert "cannot be committed" in answer.content.decode()
    assert as_reviewer.get(f"/imports/{row.public_id}/").context["page"].step == "failed"
    assert not BankTransaction.objects.exists()


def test_an_imported_file_cannot_be_discarded(as_reviewer, account):
    row = uploaded(as_reviewer, statements.camt(*TWO))
    as_reviewer.post(f"/imports/{row.public_id}/commit/")

    assert as_reviewer.post(f"/imports/{row.public_id}/discard/").status_code == 409

    row.refresh_from_db()
    assert row.state == State.COMMITTED


@pytest.mark.parametrize("path", ["", "map/", "commit/", "discard/"])
def test_a_viewer_may_not_import(as_reviewer, as_viewer, account, path):
    row = uploaded(as_reviewer, statements.camt(*TWO))

    answer = as_viewer.get(f"/imports/{row.public_id}/") if not path else as_viewer.post(
        f"/imports/{row.public_id}/{path}"
    )  # fmt: skip

    assert answer.status_code == 403
    row.refresh_from_db()
    assert row.state == State.READY


def test_the_list_shows_who_uploaded_what_by_a_fixed_number_of_queries(as_reviewer, account, queries_of):
    uploaded(as_reviewer, statements.camt(*TWO))
    first = queries_of(lambda: as_reviewer.get("/imports/"))
    for day in range(5, 9):
        uploaded(as_reviewer, statements.camt(("1.00", "x"), day=f"2026-03-0{day}"))

    assert queries_of(lambda: as_reviewer.get("/imports/")) == first
    page = as_reviewer.get("/imports/").context["page"]
    assert [(row.name, row.by, row.new) for row in page.rows[-1:]] == [("statement.xml", "Reviewer", 2)]
    assert len(page.rows) == 5


def lines(notes):
    return [(note.line, note.text) for note in notes]


def test_what_was_refused_is_listed_with_its_line_before_and_after_the_import(as_reviewer, account):
    head = "Booking date;Amount;Currency;Name;Purpose"
    rows = [f"{day:02d}.03.2026;5,00;EUR;Erika;RE-{day}" for day in range(1, 20)]
    content = "\n".join([head, *rows, "20.03.2026;five;EUR;Erika;RE-20", ""]).encode()
    row = uploaded(as_reviewer, content, name="a.csv", account=str(account.public_id))
    before = as_reviewer.get(f"/imports/{row.public_id}/").context["page"]
    assert ([line for line, _ in lines(before.refusals)], before.notes) == ([21], ())

    answer = as_reviewer.post(before.commit_url, follow=True)

    done, html = answer.context["page"], answer.content.decode()
    assert (done.step, done.new, done.known, done.refused) == ("done", 19, 0, 1)
    assert lines(done.refusals) == lines(before.refusals)
    assert "19 transactions were added. 0 known before, 1 refused." in html
    assert "Line 21" in html
    row.refresh_from_db()
    assert ([note["line"] for note in row.refused], row.noted) == ([21], [])
    german = as_reviewer.get(f"/imports/{row.public_id}/", headers={"accept-language": "de"}).context["page"]
    assert lines(done.refusals) == [(21, "The amount 'five' cannot be read.")]
    assert lines(german.refusals) == [(21, "Der Betrag 'five' lässt sich nicht lesen.")]


def test_what_to_look_at_is_no_refusal(as_reviewer, account):
    first = uploaded(as_reviewer, statements.camt(*TWO))
    as_reviewer.post(f"/imports/{first.public_id}/commit/")
    a_day_later = statements.mt940(("11.90", "Invoice RE-1042"), day="260303")
    a_day_later = a_day_later.replace(b"EUR100,00", b"EUR161,90").replace(b"EUR111,90", b"EUR173,80")
    second = uploaded(as_reviewer, a_day_later, name="a.sta")
    before = as_reviewer.get(f"/imports/{second.public_id}/").context["page"]

    page = as_reviewer.post(f"/imports/{second.public_id}/commit/", follow=True).context["page"]

    assert (page.new, page.refused, page.refusals) == (1, 0, ())
    assert [text for _, text in lines(page.notes)] == [str(Note.MAYBE_KNOWN.label)]
    assert lines(page.notes) == lines(before.notes)
    assert [each.refused for each in as_reviewer.get("/imports/").context["page"].rows] == [0, 0]
    second.refresh_from_db()
    assert (second.refused, len(second.noted)) == ([], 1)


def test_a_file_that_waits_for_its_columns_can_be_discarded_there(as_reviewer, account):
    row = uploaded(as_reviewer, UNCLEAR, name="a.csv", account=str(account.public_id))
    answer = as_reviewer.get(f"/imports/{row.public_id}/")
    assert answer.context["page"].step == "map"
    assert f'action="/imports/{row.public_id}/discard/"' in answer.content.decode()

    assert as_reviewer.post(f"/imports/{row.public_id}/discard/").status_code == 303
    row.refresh_from_db()
    assert row.state == State.DISCARDED


def test_each_file_of_an_archive_is_an_upload_and_the_refused_one_says_why(as_reviewer, account):
    later = statements.camt(("7.00", "Other"), day="2026-03-05", opening="161.90")
    packed = archive({"one.xml": statements.camt(*TWO), "two.xml": later, "letter.pdf": b"%PDF-1.7"})

    answer = send(as_reviewer, packed, name="march.zip")

    assert answer.status_code == 303
    shown = as_reviewer.get(answer["Location"])
    page = shown.context["page"]
    assert [(row.name, row.new) for row in page.rows] == [("one.xml (march.zip)", 2), ("two.xml (march.zip)", 1)]
    assert (page.archive.name, page.archive.ready, page.archive.new, page.archive.asking) == ("march.zip", 2, 3, 0)
    said = [str(message) for message in shown.context["messages"]]
    assert said[0].startswith("2 files of the archive were read.")
    assert said[1].startswith("letter.pdf: The file is a PDF document")
    assert not BankTransaction.objects.exists()


def test_the_files_of_an_archive_are_imported_together_except_those_that_ask_something(as_reviewer, account):
    later = statements.camt(("7.00", "Other"), day="2026-03-05", opening="161.90")
    wrong = statements.camt(("9.00", "Lost"), day="2026-03-06", opening="168.90", closing="1.00")
    packed = archive({"one.xml": statements.camt(*TWO), "two.xml": later, "three.xml": wrong, "table.csv": UNCLEAR})
    page = send(as_reviewer, packed, name="march.zip", account=str(account.public_id))["Location"]
    shown = as_reviewer.get(page).context["page"]
    assert (shown.archive.ready, shown.archive.asking) == (2, 2)

    answer = as_reviewer.post(shown.archive.commit_url)

    assert (answer.status_code, answer["Location"]) == (303, page)
    after = as_reviewer.get(page)
    assert [str(message) for message in after.context["messages"]][-3:] == [
        "2 files were imported. 3 transactions were added.",
        "three.xml (march.zip): Its balances do not prove it.",
        "table.csv (march.zip): Its columns are still to be chosen.",
    ]
    assert BankTransaction.objects.count() == 3
    assert (after.context["page"].archive.ready, after.context["page"].archive.commit_url) == (0, "")
    assert "Import all" not in after.content.decode()
    as_reviewer.post(shown.archive.commit_url)
    assert BankTransaction.objects.count() == 3


def test_an_archive_of_nobody_or_of_another_tenant_does_not_exist(as_reviewer, account):
    unknown = f"/imports/archive/{uuid.uuid4()}/"

    assert as_reviewer.get(unknown).status_code == 404
    assert as_reviewer.post(f"{unknown}commit/").status_code == 404


def test_the_list_of_an_archive_costs_a_fixed_number_of_queries(as_reviewer, account, queries_of):
    def page_of(count):
        files = {
            f"{number}.xml": statements.camt((f"{number + 1}.00", "x"), day=f"2026-03-{number + 1:02d}")
            for number in range(count)
        }
        return send(as_reviewer, archive(files), name="march.zip")["Location"]

    one, nine = page_of(1), page_of(9)
    as_reviewer.get(one)
    few, many = (queries_of(lambda page=page: as_reviewer.get(page)) for page in (one, nine))

    assert few == many


def test_an_archive_without_a_statement_keeps_nothing(as_reviewer, account):
    answer = send(as_reviewer, archive({"letter.pdf": b"%PDF-1.7"}), name="march.zip")

    assert answer.status_code == 422
    assert "No file of the archive can be read. letter.pdf" in answer.context["page"].error
    assert not StatementImport.objects.exists()


def test_the_code_page_is_shown_and_can_be_chosen(as_reviewer, account):
    table = "Wann;Wieviel;Wer\n03.02.2026;11,90;Łukasz\n".encode("cp1250")
    row = uploaded(as_reviewer, table, account=str(account.public_id))
    page = as_reviewer.get(f"/imports/{row.public_id}/").context["page"]
    assert page.mapping["encoding"].value() == "cp1252"

    chosen = {"encoding": "cp1250", "header_row": 1, "booking_date": 0, "amount": 1, "counterparty_name": 2,
              "date_order": "dmy", "decimal_sign": ",", "fixed_currency": "EUR"}  # fmt: skip
    answer = as_reviewer.post(f"/imports/{row.public_id}/map/", chosen)

    assert answer.status_code == 303
    shown = as_reviewer.get(f"/imports/{row.public_id}/").context["page"]
    assert [each.name for each in shown.rows] == ["Łukasz"]


def test_the_delimiter_is_shown_and_a_changed_one_shows_the_columns_again(as_reviewer, account):
    table = b"Wann;Wieviel,Wer;Was\n03.02.2026;11,90;x\n"
    row = uploaded(as_reviewer, table, account=str(account.public_id))
    page = as_reviewer.get(f"/imports/{row.public_id}/").context["page"]
    assert (page.mapping["delimiter"].value(), page.mapping["shown_with"].value()) == (";", ";")
    chosen = {"encoding": "utf-8", "delimiter": ",", "shown_with": ";", "header_row": 1, "booking_date": 0,
              "amount": 1, "date_order": "dmy", "decimal_sign": ",", "fixed_currency": "EUR"}  # fmt: skip

    answer = as_reviewer.post(f"/imports/{row.public_id}/map/", chosen)

    shown = answer.context["page"]
    assert (answer.status_code, shown.mapping.is_bound, shown.sample[0]) == (200, False, ("Wann;Wieviel", "Wer;Was"))
    row.refresh_from_db()
    assert row.state == State.NEEDS_MAPPING
    back = as_reviewer.post(f"/imports/{row.public_id}/map/", {**chosen, "delimiter": ";"})
    assert back.status_code == 303
    row.refresh_from_db()
    assert (row.state, row.mapping["delimiter"]) == (State.READY, ";")


def test_code_page_and_delimiter_are_remembered_for_the_account(as_reviewer, account):
    def table(name, day):
        return f"Wann,Wieviel,Wer\n{day}.02.2026,11.00,{name};a;b;c;d;e\n".encode("cp1250")

    first = uploaded(as_reviewer, table("Łukasz", "03"), account=str(account.public_id))
    chosen = {"encoding": "cp1250", "delimiter": ",", "shown_with": ",", "header_row": 1, "booking_date": 0,
              "amount": 1, "date_order": "dmy", "decimal_sign": ".", "fixed_currency": "EUR",
              "counterparty_name": 2}  # fmt: skip
    assert first.mapping["delimiter"] == ";"
    assert as_reviewer.post(f"/imports/{first.public_id}/map/", chosen).status_code == 303
    StatementImport.objects.update(state=State.COMMITTED)

    again = uploaded(as_reviewer, table("Łucja", "04"), account=str(account.public_id))
    other = uploaded(as_reviewer, table("Łucja", "04"))

    assert (again.mapping["encoding"], again.mapping["delimiter"]) == ("cp1250", ",")
    assert other.mapping["encoding"] == "cp1252"


def test_a_workbook_asks_for_no_code_page(as_reviewer, account):
    book = workbook({"S": sheet((text("Wann"), text("Wieviel")), (text("03.02.2026"), number("11.9")))})

    row = uploaded(as_reviewer, book, account=str(account.public_id))

    page = as_reviewer.get(f"/imports/{row.public_id}/").context["page"]
    assert (page.step, page.format, "encoding" in page.mapping.fields) == ("map", "Excel (XLSX)", False)


def test_a_gap_between_two_statements_is_told_before_and_after_the_import(as_reviewer, account):
    first = uploaded(as_reviewer, statements.camt(*TWO))
    as_reviewer.post(f"/imports/{first.public_id}/commit/")
    later = uploaded(as_reviewer, statements.camt(("7.00", "Other"), day="2026-03-05", opening="200.00"))
    told = (
        "Between 2 Mar 2026 and 5 Mar 2026 a statement is missing: the balance moved by 38.10\u00a0EUR that no file "
        "shows. Import it too."
    )

    preview = as_reviewer.get(f"/imports/{later.public_id}/").context["page"]
    before = as_reviewer.get("/imports/").context["page"].gaps
    as_reviewer.post(f"/imports/{later.public_id}/commit/")
    after = as_reviewer.get("/imports/").context["page"].gaps
    missing = uploaded(as_reviewer, statements.camt(("38.10", "Found"), day="2026-03-03", opening="161.90"))
    as_reviewer.post(f"/imports/{missing.public_id}/commit/")

    assert [(note.line, note.text) for note in preview.notes] == [(0, told)]
    assert before == ()
    assert len(after) == 1
    assert after[0].endswith(told)
    assert as_reviewer.get("/imports/").context["page"].gaps == ()


def test_a_gap_is_shown_on_the_accounts_connection(as_owner, account):
    account.connection = BankConnection.objects.create(
        institution_id="X", institution_name="X Bank", country="DE", state=BankConnection.State.LINKED
    )
    account.save()
    for content in (statements.camt(*TWO), statements.camt(("7.00", "O"), day="2026-03-05", opening="200.00")):
        row = uploaded(as_owner, content)
        as_owner.post(f"/imports/{row.public_id}/commit/")

    [card] = as_owner.get("/connections/").context["page"].connections

    assert "the balance moved by 38.10\u00a0EUR" in card.accounts[0].gap
