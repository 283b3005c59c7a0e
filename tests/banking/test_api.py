"""Banking over the API: who may, what goes out, what is refused, and that a stranger sees nothing."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from banking.models import BankAccount, BankConnection, BankTransaction, StatementImport
from banking.services import consent_finishing, provider_keys, statement_preview
from banking.services.ingestion import ingest_entries
from banking.services.linking import new_account
from tenants import context
from tests.banking import asked, statements
from tests.banking.entries import IBAN, MONDAY, fetched

LIVE = "gocardless_bad"

PASSWORD = "correct horse battery"


class Caller:
    """Someone signed in at a tenant's host."""

    def __init__(self, who, host="acme", language="en"):
        self.client, self.host, self.language = Client(), f"{host}.localhost", language
        self.token = ""
        if who:
            body = {"email": f"{who}@{host}.example", "password": PASSWORD}
            self.token = self.post("auth/token/", body).json()["access"]

    def _headers(self):
        known = {"authorization": f"Bearer {self.token}"} if self.token else {}
        return {"host": self.host, "accept-language": self.language, **known}

    def get(self, path):
        return self.client.get(f"/api/v1/{path}", headers=self._headers())

    def post(self, path, body):
        return self.client.post(
            f"/api/v1/{path}", body, content_type="application/json", headers=self._headers()
        )  # fmt: skip

    def delete(self, path):
        return self.client.delete(f"/api/v1/{path}", headers=self._headers())

    def upload(self, path, content, name="statement.xml", **fields):
        body = {"file": SimpleUploadedFile(name, content), **fields}
        return self.client.post(f"/api/v1/{path}", body, headers=self._headers())


@pytest.fixture
def in_tenant(acme):
    """Run something in acme's schema, between requests that enter and leave it."""

    def run(function, *arguments, **named):
        with context.inside(acme):
            return function(*arguments, **named)

    return run


@pytest.fixture
def stored(in_tenant):
    """An account with three entries."""

    def make():
        row = new_account(number=IBAN, currency="EUR", is_iban=True)
        row.save()
        ingest_entries(
            account=row, source=LIVE, complete_from=MONDAY, complete_until=MONDAY,
            entries=[
                fetched("Invoice RE-1042", "11.90", internal="a", counterparty_iban="NL91ABNA0417164300"),
                fetched("Invoice RE-1043", "50.00", internal="b"),
                fetched("Rent", "-900.00", internal="c"),
            ],
        )  # fmt: skip
        return row

    return in_tenant(make)


def results(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_transactions_come_masked_and_without_secrets(stored):
    answer = Caller("viewer").get("bank-transactions/?q=RE-1042")

    [row] = results(answer)
    assert (row["amount"], row["currency"], row["state"], row["unallocated"]) == (
        "11.90",
        "EUR",
        "UNRECONCILED",
        "11.90",
    )
    assert row["counterparty_iban"] == "•••• 4300"
    assert row["account"] == str(stored.public_id)
    text = answer.content.decode()
    assert "NL91" not in text
    assert "fingerprint" not in text


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("", {"Rent", "Invoice RE-1043", "Invoice RE-1042"}),
        ("direction=in", {"Invoice RE-1043", "Invoice RE-1042"}),
        ("direction=out", {"Rent"}),
        ("amount_from=20", {"Invoice RE-1043"}),
        ("amount_from=-1000&amount_until=0", {"Rent"}),
        ("q=11,90", {"Invoice RE-1042"}),
        ("q=muster&state=UNRECONCILED", {"Rent", "Invoice RE-1043", "Invoice RE-1042"}),
        ("state=IGNORED", set()),
        ("since=2026-03-03", set()),
        ("until=2026-03-02&since=2026-03-02&q=rent", {"Rent"}),
        ("account=00000000-0000-0000-0000-000000000000", set()),
    ],
)
def test_transactions_are_narrowed_by_filters(stored, query, texts):
    found = results(Caller("viewer").get(f"bank-transactions/?{query}"))

    assert {row["remittance_information"] for row in found} == texts


@pytest.mark.parametrize("query", ["state=NO", "since=today", "amount_from=abc", "colour=red", "account=7", "q=a&q=b"])
def test_a_filter_that_cannot_be_is_refused(stored, query):
    answer = Caller("viewer").get(f"bank-transactions/?{query}")

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_pages_follow_each_other_without_gaps(stored):
    caller = Caller("viewer")

    first = caller.get("bank-transactions/?page_size=2").json()
    second = caller.client.get(first["next"].replace("http://testserver", ""), headers=caller._headers()).json()

    assert [len(first["results"]), len(second["results"])] == [2, 1]
    assert len({row["id"] for row in first["results"] + second["results"]}) == 3


def test_queries_of_a_list_do_not_grow_with_its_rows(stored, in_tenant):
    caller = Caller("viewer")

    def count():
        with CaptureQueriesContext(database) as captured:
            results(caller.get("bank-transactions/"))
        return len(captured)

    before = count()
    in_tenant(
        ingest_entries, account=stored, source=LIVE,
        entries=[fetched(f"More RE-{number}", internal=f"m{number}") for number in range(30)],
    )  # fmt: skip

    assert count() == before


def test_a_stranger_and_the_other_tenant_see_nothing(stored, globex):
    row_id = Caller("viewer").get("bank-transactions/?q=RE-1042").json()["results"][0]["id"]
    other = Caller("owner", "globex")
    ours = Caller("")
    ours.token = other.token

    assert results(other.get("bank-transactions/")) == []
    assert results(other.get("bank-accounts/")) == []
    assert other.get(f"bank-transactions/{row_id}/").status_code == 404
    assert ours.get("bank-transactions/").status_code == 401
    assert Caller("").get("bank-accounts/").status_code == 401


def test_one_entry_and_the_accounts_are_shown(stored):
    caller = Caller("viewer")
    row_id = caller.get("bank-transactions/?q=rent").json()["results"][0]["id"]

    assert caller.get(f"bank-transactions/{row_id}/").json()["amount"] == "-900.00"
    [account] = results(caller.get("bank-accounts/"))
    assert (account["iban"], account["currency"], account["connection"]) == (f"•••• {IBAN[-4:]}", "EUR", None)


def test_a_consent_is_started_walked_and_shown_with_its_health(acme, in_tenant, bank, owner, now):
    in_tenant(bank.save_keys, now)
    caller = Caller("owner")
    banks = results(caller.get("institutions/?country=DE"))
    started = caller.post("bank-connections/", {"institution_id": bank.institution_id})
    assert started.status_code == 201, started.content

    query = bank.walk(started.json()["link"])
    in_tenant(
        consent_finishing.finish_consent,
        reference=query["ref"], user_id=owner.pk, now=now,
        provider=in_tenant(provider_keys.provider, "gocardless_bad", now=now),
    )  # fmt: skip

    [shown] = results(caller.get("bank-connections/"))
    assert bank.institution_id in {one["id"] for one in banks}
    assert (shown["state"], shown["institution_name"], shown["consent_days_left"]) == ("LINKED", "Nordhaven Bank", 179)
    assert [len(shown["accounts"]), shown["accounts"][0]["calls_left"]] == [2, None]
    assert query["ref"] not in json.dumps(shown)


def test_renewing_and_refreshing_a_connection(acme, in_tenant, bank, owner, now):
    in_tenant(bank.save_keys, now)
    connection = in_tenant(bank.connect, owner.pk, now)
    caller, path = Caller("admin"), f"bank-connections/{connection.public_id}"

    refreshed = caller.post(f"{path}/refresh/", {})
    renewal = caller.post(f"{path}/renew/", {})
    removed = caller.delete(f"{path}/")

    assert (refreshed.status_code, renewal.status_code, removed.status_code) == (202, 201, 204)
    assert "/psd2/start/" in renewal.json()["link"]
    assert in_tenant(lambda: BankAccount.objects.exclude(fetch_asked_at=None).count()) == 2
    assert in_tenant(lambda: BankConnection.objects.get(pk=connection.pk).state) == "REVOKED"
    assert caller.post(f"{path}/refresh/", {}).status_code == 404


def test_a_viewer_sees_connections_but_may_not_change_them(acme, in_tenant, bank, owner, now):
    in_tenant(bank.save_keys, now)
    connection = in_tenant(bank.connect, owner.pk, now)
    caller, path = Caller("viewer"), f"bank-connections/{connection.public_id}"

    assert len(results(caller.get("bank-connections/"))) == 1
    for answer in (
        caller.post("bank-connections/", {"institution_id": bank.institution_id}),
        caller.post(f"{path}/refresh/", {}), caller.post(f"{path}/renew/", {}), caller.delete(f"{path}/"),
        caller.upload("statement-imports/", statements.camt(("1.00", "x"))),
    ):  # fmt: skip
        assert answer.status_code == 403
    assert in_tenant(lambda: BankConnection.objects.count()) == 1


def test_the_owner_of_another_tenant_finds_no_connection_of_ours(acme, in_tenant, bank, owner, now, globex):
    in_tenant(bank.save_keys, now)
    connection = in_tenant(bank.connect, owner.pk, now)
    other, path = Caller("owner", "globex"), f"bank-connections/{connection.public_id}"

    assert results(other.get("bank-connections/")) == []
    assert other.get(f"{path}/").status_code == 404
    assert other.delete(f"{path}/").status_code == 404
    assert other.post(f"{path}/refresh/", {}).status_code == 404


def test_an_unknown_bank_and_missing_keys_are_told_in_problem_json(acme, in_tenant, bank, now):
    caller = Caller("owner")
    without_keys = caller.post("bank-connections/", {"institution_id": bank.institution_id})
    in_tenant(bank.save_keys, now)
    unknown = caller.post("bank-connections/", {"institution_id": "NO_SUCH_BANK"})

    assert (without_keys.status_code, without_keys.json()["code"]) == (409, "no_provider_key")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown_institution")
    assert caller.post("bank-connections/", {"institution": "x"}).status_code == 400
    assert caller.get("institutions/?country=GBA").status_code == 400


def test_a_file_is_looked_at_uploaded_and_imported_once(stored, in_tenant):
    caller = Caller("reviewer")
    content = statements.camt(("11.90", "Invoice RE-1042"), ("77.00", "Invoice RE-2000"))

    looked = caller.upload("statement-imports/?dry_run=1", content)
    assert (looked.status_code, looked.json()["new_count"], looked.json()["known_count"]) == (200, 1, 1)
    assert in_tenant(StatementImport.objects.count) == 0

    kept = caller.upload("statement-imports/", content, account=str(stored.public_id))
    assert (kept.status_code, kept.json()["state"], kept.json()["proved"]) == (201, "READY", True)
    path = f"statement-imports/{kept.json()['id']}/commit/"
    first, second = caller.post(path, {}), caller.post(path, {})

    assert (first.status_code, first.json()["state"], second.json()["state"]) == (200, "COMMITTED", "COMMITTED")
    assert in_tenant(BankTransaction.objects.count) == 4
    assert len(results(caller.get("statement-imports/"))) == 1


@pytest.mark.parametrize(
    ("content", "problem", "german"),
    [
        (b"PK\x03\x04", "archive_damaged", "Das Archiv"),
        (b"hello world", "no_statement", "Die Datei ist kein"),
    ],
)
def test_a_file_that_cannot_be_read_is_400_and_kept_nowhere(stored, in_tenant, content, problem, german):
    answer = Caller("reviewer", language="de").upload("statement-imports/", content)

    told = answer.json()
    assert (answer.status_code, told["code"], told["problem"]) == (400, "unreadable_statement", problem)
    assert told["detail"].startswith(german)
    assert in_tenant(StatementImport.objects.count) == 0


def test_what_was_refused_of_a_file_has_a_code_and_is_worded_for_whoever_asks(stored, in_tenant):
    content = statements.camt(("1.00", "Good"), ("2.00", "Bad")).replace(b">2.00<", b">2.00x<")
    kept = Caller("reviewer").upload("statement-imports/", content, account=str(stored.public_id)).json()
    row = in_tenant(StatementImport.objects.get)
    old = {"line": 7, "reason": "Kept before there were codes."}
    in_tenant(StatementImport.objects.filter(pk=row.pk).update, refused=[*row.refused, old])

    [new, before] = Caller("reviewer", language="de").get(f"statement-imports/{kept['id']}/").json()["refused"]

    assert kept["refused"][0]["reason"] == "The amount '2.00x' cannot be read."
    assert new == {
        "line": 1, "reason": "Der Betrag '2.00x' lässt sich nicht lesen.",
        "code": "amount", "details": {"written": "'2.00x'"},
    }  # fmt: skip
    assert before == {**old, "code": "", "details": {}}


def test_a_file_larger_than_ten_mib_is_413(stored):
    assert Caller("reviewer").upload("statement-imports/", b"x" * (11 * 1024 * 1024)).status_code == 413


def test_an_unproved_file_is_409_until_it_is_accepted(stored, in_tenant):
    caller = Caller("reviewer")
    kept = caller.upload("statement-imports/", statements.camt(("1.00", "RE-1"), closing="999.00")).json()
    path = f"statement-imports/{kept['id']}"

    refused = caller.post(f"{path}/commit/", {})
    accepted = caller.post(f"{path}/commit/", {"accept_unproved": True})

    assert (refused.status_code, refused.json()["code"]) == (409, "unproved_statement")
    assert accepted.json()["state"] == "COMMITTED"
    assert caller.delete(f"{path}/").status_code == 409


def test_the_columns_of_a_csv_file_are_set_by_api(stored, in_tenant):
    caller = Caller("reviewer")
    content = statements.csv("01/02/2026;5,00;EUR;Erika;RE-1")
    kept = caller.upload("statement-imports/", content, "a.csv", account=str(stored.public_id)).json()
    path = f"statement-imports/{kept['id']}/map/"

    wrong = caller.post(path, {"mapping": {"colour": 1}})
    right = caller.post(path, {"mapping": {**kept["mapping"], "date_order": "dmy"}})

    assert (kept["state"], wrong.status_code) == ("NEEDS_MAPPING", 400)
    assert (right.status_code, right.json()["state"]) == (200, "READY")
    assert in_tenant(lambda: statement_preview.preview(StatementImport.objects.get()).result.new) == 1


def test_whether_a_new_account_is_a_known_one_is_asked_and_answered(acme, in_tenant, owner, viewer, globex):
    known, held = in_tenant(asked.held_account)
    path = f"bank-accounts/{held.public_id}/answer/"
    answer = {"same_as": str(known.public_id)}
    told = next(one for one in results(Caller("viewer").get("bank-accounts/")) if one["id"] == str(held.public_id))
    assert (told["held_at"] is None, told["resembles"][0]["account"], told["same_as"]) == (
        False,
        answer["same_as"],
        None,
    )
    refused = [
        Caller("viewer").post(path, answer), Caller("owner", host="globex").post(path, answer),
        Caller("owner").post(path, {"same_as": str(held.public_id)}), Caller("owner").post(path, {}),
    ]  # fmt: skip

    same, other, again = (Caller("owner").post(path, body) for body in (answer, {"same_as": None}, {"same_as": None}))

    assert [one.status_code for one in refused] == [403, 404, 400, 400]
    assert (same.status_code, same.json()["same_as"], same.json()["held_at"]) == (200, answer["same_as"], None)
    assert (other.status_code, other.json()["same_as"], other.json()["is_paused"]) == (200, None, False)
    assert (again.status_code, again.json()["code"]) == (409, "not_asked")
