"""Bank account data through the `nordigen` client (1.4.2), which nobody here wrote.

One of its habits: `delete_requisition` and the agreement calls leave the slash at the end out. The real server answers
with a redirect, so the stand-in does too.
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import requests

from payymo.sandbox import world
from tests.sandbox.clients import CALLBACK, UNTIL, approve, sign_in


def test_token_pair_has_the_documented_lives(sandbox):
    keys = world.GOCARDLESS["acme"]
    bank = sign_in(sandbox, "acme")

    pair = bank.client.generate_token()

    assert sorted(pair) == ["access", "access_expires", "refresh", "refresh_expires"]
    assert (pair["access_expires"], pair["refresh_expires"]) == (86400, 2592000)
    assert keys.secret_key not in str(pair)


def test_refresh_gives_only_an_access_token(bank):
    pair = bank.client.generate_token()

    fresh = bank.client.exchange_token(pair["refresh"])

    assert sorted(fresh) == ["access", "access_expires"]
    assert bank.client.institution.get_institutions("DE")


def test_wrong_keys_are_not_a_dead_token(sandbox):
    url = f"{sandbox.base_url}/gocardless/api/v2/token/new/"

    wrong = requests.post(url, json={"secret_id": "x", "secret_key": "y"}, timeout=60)
    dead = requests.get(
        f"{sandbox.base_url}/gocardless/api/v2/institutions/", headers={"Authorization": "Bearer a.b.c"}, timeout=60
    )

    assert (wrong.status_code, wrong.json()["summary"]) == (401, "Authentication failed")
    assert wrong.json()["detail"] == "No active account found with the given credentials"
    assert (dead.status_code, dead.json()["summary"]) == (401, "Invalid token")


def test_hundred_and_first_new_token_in_an_hour_is_refused(sandbox):
    keys = world.GOCARDLESS["globex"]
    url = f"{sandbox.base_url}/gocardless/api/v2/token/new/"
    body = {"secret_id": keys.secret_id, "secret_key": keys.secret_key}

    with requests.Session() as session:
        answers = [session.post(url, json=body, timeout=60) for _call in range(101)]

    assert [one.status_code for one in answers[98:]] == [200, 200, 429]
    assert answers[0].headers["HTTP_X_RATELIMIT_REMAINING"] == "99"
    assert (
        answers[100].json()["detail"].startswith("The rate limit for this resource is 100/hour. Please try again in ")
    )
    assert sign_in(sandbox, "acme").client.token


def test_days_of_a_bank_are_strings(bank):
    [found] = [one for one in bank.client.institution.get_institutions("DE") if one["id"] == bank.institution]

    assert (found["transaction_total_days"], found["max_access_valid_for_days"]) == ("730", "180")
    assert bank.client.institution.get_institution_by_id(bank.institution)["supported_features"] == [
        "business_accounts",
        "pending_transactions",
    ]


def test_path_without_the_last_slash_is_redirected(bank):
    answer = requests.get(
        f"{bank.base}/institutions?country=de",
        headers={"Authorization": f"Bearer {bank.client.token}"},
        allow_redirects=False,
        timeout=60,
    )

    assert (answer.status_code, answer.headers["Location"]) == (301, "/gocardless/api/v2/institutions/?country=de")


@pytest.mark.parametrize(
    ("path", "params", "name"),
    [
        ("institutions/", {"country": "GBA"}, "country"),
        ("institutions/", {"land": "de"}, "summary"),
        ("requisitions/", {"page": "2"}, "summary"),
    ],
)
def test_undocumented_or_wrong_parameter_is_refused(bank, path, params, name):
    answer = bank.get(path, **params)

    assert answer.status_code == 400
    assert name in answer.json()


@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        (
            {"max_historical_days": 91},
            "max_historical_days",
            "max_historical_days must be > 0 and <= Talblick Sparkasse transaction_total_days (90)",
        ),
        (
            {"access_valid_for_days": 120},
            "access_valid_for_days",
            "access_valid_for_days must be > 0 and <= Talblick Sparkasse max_access_valid_for_days (90)",
        ),
    ],
)
def test_agreement_beyond_what_the_bank_gives_is_refused(bank, change, field, text):
    body = {"institution_id": "TALBLICK_SPARKASSE_TBSKDE21XXX", **change}

    answer = bank.post("agreements/enduser/", body)

    assert answer.status_code == 400
    assert answer.json()[field]["detail"] == text
    assert bank.client.agreement.get_agreements()["count"] == 0


def test_missing_and_unknown_fields_are_refused(bank):
    missing = bank.post("requisitions/", {"institution_id": bank.institution})
    unknown = bank.post("requisitions/", {"redirect": CALLBACK, "institution_id": bank.institution, "colour": "red"})

    assert missing.json() == {"redirect": ["This field is required."], "status_code": 400}
    assert (unknown.status_code, unknown.json()["summary"]) == (400, "Unknown fields")


def test_reference_is_unique_within_the_company(bank):
    bank.consent("same")

    again = bank.post("requisitions/", {"redirect": CALLBACK, "institution_id": bank.institution, "reference": "same"})

    assert again.status_code == 400
    assert again.json()["reference"]["summary"] == "Client reference must be unique"


def test_requisition_walks_from_created_to_linked(bank):
    session = bank.client.initialize_session(CALLBACK, bank.institution, "walk")
    status = lambda: bank.client.requisition.get_requisition_by_id(session.requisition_id)["status"]  # noqa: E731
    seen = [status()]

    requests.get(session.link, timeout=60)
    seen.append(status())
    decided = requests.post(session.link, data={"action": "approve"}, allow_redirects=False, timeout=60)
    seen.append(status())
    requests.get(f"{bank.base.split('/gocardless')[0]}{decided.headers['Location']}", allow_redirects=False, timeout=60)
    seen.append(status())

    assert seen == ["CR", "GC", "UA", "LN"]


def test_callback_carries_the_reference_and_nothing_signed(bank):
    session = bank.client.initialize_session(CALLBACK, bank.institution, "my-reference")

    told = approve(session.link)

    assert told == {"ref": ["my-reference"]}


def test_cancelled_consent_comes_back_with_an_error_and_no_accounts(bank):
    session = bank.client.initialize_session(CALLBACK, bank.institution, "no")

    requests.get(session.link, timeout=60)
    back = requests.post(session.link, data={"action": "cancel"}, allow_redirects=False, timeout=60)

    assert "ref=no" in back.headers["Location"]
    assert "error=UserCancelledSession" in back.headers["Location"]
    assert "details=" in back.headers["Location"]
    assert bank.accounts(session.requisition_id) == []


def test_used_link_is_refused(bank):
    session = bank.client.initialize_session(CALLBACK, bank.institution, "once")
    approve(session.link)

    again = requests.get(session.link, allow_redirects=False, timeout=60)

    assert "error=RequisitionLinkReused" in again.headers["Location"]


def test_bank_without_accounts_of_the_company_rejects_the_user(bank):
    session = bank.client.initialize_session(CALLBACK, "TALBLICK_SPARKASSE_TBSKDE21XXX", "elsewhere")

    told = approve(session.link)

    assert told["error"] == ["UserSessionRejected"]
    assert bank.client.requisition.get_requisition_by_id(session.requisition_id)["status"] == "RJ"


def test_savings_account_waits_to_be_connected(bank):
    session = bank.client.initialize_session(CALLBACK, "SANDBOXFINANCE_SFIN0000", "savings")

    approve(session.link)

    (account,) = bank.accounts(session.requisition_id)
    read = bank.client.account_api(account)
    while read.get_metadata()["status"] != "READY":
        pass
    entries = read.get_transactions()["transactions"]["booked"]
    balances = {one["balanceType"]: one["balanceAmount"]["amount"] for one in read.get_balances()["balances"]}
    assert [one["transactionAmount"]["amount"] for one in entries].count("-4.90") == 3
    assert len(entries) == 7
    assert "40641.59" in balances.values()


def test_new_account_is_filling_before_it_is_ready(bank, main_account):
    api = bank.client.account_api(main_account)

    assert [api.get_metadata()["status"] for _read in range(3)] == ["PROCESSING", "READY", "READY"]
    assert api.get_metadata()["iban"] == world.COMPANIES["acme"].main_iban


def test_details_and_balances_come_in_berlin_group_form(bank, main_account):
    api = bank.client.account_api(main_account)

    details, balances = api.get_details()["account"], api.get_balances()["balances"]

    assert (details["currency"], details["ownerName"]) == ("EUR", "Acme Hosting GmbH")
    assert {one["balanceType"] for one in balances} == {"interimAvailable", "interimBooked"}
    assert all(Decimal(one["balanceAmount"]["amount"]) > 0 for one in balances)


def test_booked_entries_have_an_internal_id_and_pending_ones_have_not(bank, main_account):
    feed = bank.client.account_api(main_account).get_transactions()["transactions"]

    ids = [one["internalTransactionId"] for one in feed["booked"]]
    assert len(ids) == len(set(ids)) > 550
    assert len(feed["pending"]) == 6
    assert not any({"internalTransactionId", "transactionId"} & set(one) for one in feed["pending"])


def test_bank_oddities_are_in_the_feed(bank, main_account):
    booked = bank.client.account_api(main_account).get_transactions()["transactions"]["booked"]

    ids = [one.get("transactionId") for one in booked]
    exchanges = {type(one["currencyExchange"]) for one in booked if "currencyExchange" in one}
    assert {None, " ", "NOTPROVIDED"} <= set(ids)
    assert exchanges == {dict, list}
    assert any(one.get("endToEndId") == "NOTPROVIDED" for one in booked)
    assert any("bookingDate" not in one and "bookingDateTime" in one for one in booked)
    assert any("remittanceInformationUnstructuredArray" in one for one in booked)
    assert any("remittanceInformationStructured" in one for one in booked)
    assert all("creditorName" not in one for one in booked if not one["transactionAmount"]["amount"].startswith("-"))


def test_entry_delivered_twice_keeps_the_banks_id_and_the_balance(sandbox, bank, main_account):
    booked = bank.client.account_api(main_account).get_transactions()["transactions"]["booked"]
    [balance] = [
        one["balanceAmount"]["amount"]
        for one in bank.client.account_api(main_account).get_balances()["balances"]
        if one["balanceType"] == "interimBooked"
    ]
    usable = [
        one["transactionId"] for one in booked if one.get("transactionId", " ").strip() not in ("", "NOTPROVIDED")
    ]
    twice = {one for one in usable if usable.count(one) == 2}

    again = sum(Decimal(one["transactionAmount"]["amount"]) for one in booked if one.get("transactionId") in twice) / 2
    total = sum(Decimal(one["transactionAmount"]["amount"]) for one in booked)

    assert len(twice) == 2
    assert Decimal(balance) == Decimal("122183.77") + total - again


def test_true_twins_are_two_entries_with_two_ids(sandbox, bank, main_account):
    twins = [one for one in sandbox.control("GET", "/truth/acme") if "twins" in one.get("tags", [])]
    pairs = {one["id"].removesuffix("b"): one for one in twins}

    assert len(twins) == 2 * len(pairs) == 6
    for key in pairs:
        first, second = (one for one in twins if one["id"].removesuffix("b") == key)
        assert (first["amount"], first["booking_date"]) == (second["amount"], second["booking_date"])
        assert first["allocations"] != second["allocations"]


def test_pending_entries_are_booked_after_they_were_shown_twice(bank, main_account):
    api = bank.client.account_api(main_account)

    counts = []
    for _fetch in range(3):
        feed = api.get_transactions()["transactions"]
        counts.append((len(feed["booked"]), len(feed["pending"])))

    first = counts[0][0]
    assert counts == [(first, 6), (first, 6), (first + 6, 0)]


def test_history_beyond_the_consent_is_silently_left_out(bank):
    account = bank.accounts(bank.consent("short", max_historical_days=10))[0]
    earliest = date.fromisoformat(UNTIL) - timedelta(days=10)

    booked = bank.client.account_api(account).get_transactions("2020-01-01")["transactions"]["booked"]

    days = [one.get("bookingDate") or one["bookingDateTime"][:10] for one in booked]
    assert booked
    assert min(days) >= earliest.isoformat()


def test_dates_cut_the_feed_and_must_be_in_order(bank, main_account):
    api = bank.client.account_api(main_account)

    booked = api.get_transactions("2024-03-10", "2024-03-12")["transactions"]["booked"]
    wrong = bank.get(f"accounts/{main_account}/transactions/", date_from="2024-03-12", date_to="2024-03-10")

    assert {(one.get("bookingDate") or one["bookingDateTime"][:10]) for one in booked} <= {
        "2024-03-10",
        "2024-03-11",
        "2024-03-12",
    }
    assert (wrong.status_code, wrong.json()["summary"]) == (400, "Incorrect date range")


def test_renewed_consent_has_new_account_ids_and_new_internal_ids(bank, main_account):
    before = bank.client.account_api(main_account).get_transactions()["transactions"]["booked"]

    renewed = bank.accounts(bank.consent("second"))[0]
    after = bank.client.account_api(renewed).get_transactions()["transactions"]["booked"]

    assert renewed != main_account
    assert len(before) == len(after)
    assert not {one["internalTransactionId"] for one in before} & {one["internalTransactionId"] for one in after}
    assert [one.get("transactionId") for one in before] == [one.get("transactionId") for one in after]


def test_ended_consent_is_noticed_only_when_an_account_is_read(sandbox, bank):
    requisition = bank.consent("ends")
    account = bank.accounts(requisition)[0]
    sandbox.control("POST", "/bank/acme/expire")
    status = bank.client.requisition.get_requisition_by_id(requisition)["status"]

    refused = bank.get(f"accounts/{account}/transactions/")

    assert status == "LN"
    assert refused.status_code == 401
    assert refused.json()["summary"].startswith("End User Agreement (EUA) ")
    assert refused.json()["summary"].endswith(" has expired")
    assert bank.client.requisition.get_requisition_by_id(requisition)["status"] == "EX"
    assert bank.client.account_api(account).get_metadata()["status"] == "EXPIRED"


def test_scope_outside_the_agreement_is_refused(bank):
    agreed = bank.client.agreement.create_agreement(bank.institution, access_scope=["transactions"])
    made = bank.client.requisition.create_requisition(CALLBACK, "narrow", bank.institution, agreed["id"])
    approve(made["link"])
    account = bank.accounts(made["id"])[0]

    refused = bank.get(f"accounts/{account}/balances/")

    assert refused.status_code == 403
    assert refused.json()["summary"] == "End User Agreement (EUA) access scope error"


def test_quota_counts_good_answers_per_account_and_scope(sandbox):
    bank = sign_in(sandbox, "globex")
    account, other = bank.accounts(bank.consent("four"))

    answers = [bank.get(f"accounts/{account}/transactions/") for _call in range(5)]

    left = [one.headers["HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_REMAINING"] for one in answers]
    assert ([one.status_code for one in answers], left) == ([200, 200, 200, 200, 429], ["3", "2", "1", "0", "0"])
    assert answers[4].json()["detail"].startswith("The rate limit for this resource is 4/day. Please try again in 86")
    assert 86000 < int(answers[4].headers["HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_RESET"]) <= 86400
    assert bank.get(f"accounts/{account}/balances/").status_code == 200
    assert bank.get(f"accounts/{other}/transactions/").status_code == 200


def test_another_company_sees_nothing(sandbox, bank, main_account):
    stranger = sign_in(sandbox, "globex")

    account = stranger.get(f"accounts/{main_account}/transactions/")
    requisitions = stranger.client.requisition.get_requisitions()

    assert (account.status_code, account.json()["summary"]) == (404, f"Account ID {main_account} not found")
    assert requisitions["count"] == 0
    assert bank.client.requisition.get_requisitions()["count"] == 1


def test_bad_account_id_is_a_refusal_of_its_own(bank):
    answer = bank.get("accounts/nonsense/transactions/")

    assert (answer.status_code, answer.json()["summary"]) == (400, "Invalid Account ID")


def test_deleted_requisition_takes_its_agreement_along(bank):
    requisition = bank.consent("gone")

    bank.client.requisition.delete_requisition(requisition)

    assert bank.client.requisition.get_requisitions()["count"] == 0
    assert bank.client.agreement.get_agreements()["count"] == 0


def test_lists_of_requisitions_are_paged(bank):
    for number in range(3):
        bank.consent(f"r{number}")

    first = bank.get("requisitions/", limit=2).json()
    rest = bank.get("requisitions/", limit=2, offset=2).json()

    assert (first["count"], len(first["results"]), len(rest["results"])) == (3, 2, 1)
    assert first["next"].endswith("limit=2&offset=2")
    assert (first["previous"], rest["next"]) == (None, None)
