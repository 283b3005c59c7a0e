"""Looking around with sample data: judged by the real engine, labelled, kept in a session, and nowhere else."""

from itertools import groupby

import pytest
from django.db import connection

from banking.models import BankConnection
from matching.core.types import Band
from payymo.dashboard.sample import aside
from payymo.dashboard.sample.month import month
from payymo.dashboard.sample.progress import Progress
from payymo.sandbox import world
from tests.factories import rows
from tests.factories.rows import TODAY

POSTS = [f"/sample/1/{act}/" for act in ("approve", "reject", "undo", "find", "split")]


@pytest.fixture
def looking(as_reviewer):
    as_reviewer.post("/sample/begin/")
    return as_reviewer


def left(browser):
    return browser.get("/sample/").context["page"].progress.left_count


def test_the_month_shows_every_case_of_the_matcher():
    found = month(TODAY).suggestions
    bands = {each.candidates[0].band if each.candidates else Band.NONE for each in found.values()}

    given = {
        number: [(share.invoice_id, share.amount_minor) for share in each.candidates[0].allocations]
        for number, each in found.items()
        if each.candidates
    }
    assert bands == {Band.EXACT, Band.LIKELY, Band.POSSIBLE, Band.NONE}
    # One for two invoices, two for one, a part, more than is owed, less a fee, a choice between two alike.
    assert (len(given[3]), given[9], given[10]) == (2, [(8, 42_000)], [(8, 42_000)])
    assert (given[11], given[12], given[6]) == ([(9, 20_000)], [(10, 7_500)], [(11, 44_500)])
    assert len(found[5].candidates) == 2
    assert found[7].none_reason == "payroll"


def test_what_needs_no_person_is_found_by_the_engine_too():
    said = aside.found(TODAY)

    assert [text.partition(" EUR".replace(" ", "\u00a0"))[2] for text in said] == [
        " on 19 Nov 2026 is a payout of Stripe, found on the bank account.",
        " on 12 Nov 2026 went from one of your own accounts to the other.",
        " that had arrived was returned by the bank on 14 Nov 2026; what to do in WHMCS is then listed.",
    ]


def test_the_queue_has_each_band_once_the_surest_first():
    shown = Progress().left(month(TODAY))
    bands = [next((each.band for each in month(TODAY).suggestions[number].candidates), None) for number in shown]

    assert [band for band, _ in groupby(bands)] == [Band.EXACT, Band.LIKELY, Band.POSSIBLE, None]


def test_a_company_without_connections_is_offered_to_look_around(as_owner):
    for path in ("/", "/setup/"):
        assert "Look around with sample data" in as_owner.get(path).content.decode()


def test_it_says_on_each_page_that_all_is_invented(as_reviewer):
    begun = as_reviewer.post("/sample/begin/")

    assert (begun.status_code, begun["Location"]) == (303, "/sample/")
    for path in ("/sample/", "/sample/3/"):
        page = as_reviewer.get(path)
        assert "Sample data: every payment and invoice here is invented" in page.content.decode()


def test_deciding_writes_nothing_but_the_session(looking):
    written = []

    def watch(execute, sql, params, many, context):
        if not sql.lstrip().upper().startswith(("SELECT", "SAVEPOINT", "RELEASE", "SET")):
            written.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        for act in ("approve", "hold", "ignore", "reject"):
            for number in range(1, 13):
                assert looking.fragment("post", f"/sample/{number}/{act}/").status_code == 200
        assert looking.fragment("post", "/sample/1/undo/").status_code == 200
        assert looking.fragment("post", "/sample/1/find/", {"invoice": "1"}).status_code == 200
        assert looking.fragment("post", "/sample/2/undo/").status_code == 200
        assert looking.fragment("post", "/sample/2/split/", {"amount-4": "49.00"}).status_code == 200
        assert looking.post("/sample/remove/").status_code == 303

    assert written != []
    assert [sql for sql in written if '"django_session"' not in sql] == []


def test_a_decision_leaves_the_queue_and_comes_back(looking):
    answer = looking.fragment("post", "/sample/1/approve/").content.decode()
    assert 'data-removed="sample-1"' in answer
    assert "Nothing is posted." in answer
    assert left(looking) == 11

    undone = looking.fragment("post", "/sample/1/undo/")

    assert undone.context["page"].row.receipt_id == "sample-1"
    assert left(looking) == 12


def test_a_rejected_suggestion_is_shown_no_more(looking):
    before = looking.get("/sample/5/").context["page"].panel.candidates

    looking.fragment("post", "/sample/5/reject/")

    after = looking.get("/sample/5/").context["page"].panel.candidates
    assert [each.title for each in after] == [each.title for each in before[1:]]
    assert left(looking) == 12


def test_the_other_candidate_is_approved_where_it_is_chosen(looking):
    looking.fragment("post", "/sample/5/approve/", {"candidate": "2"})

    assert found(looking, "Rossi") == ["INV-2033"]


def test_an_approval_changes_what_its_invoice_owes_and_the_undo_gives_it_back(looking):
    shown = [looking.get("/sample/10/").context["page"].panel.candidates[0]]
    for act in ("approve", "undo"):
        looking.fragment("post", f"/sample/9/{act}/")
        shown.append(looking.get("/sample/10/").context["page"].panel.candidates[0])

    assert [(each.lines[0].outstanding.value, each.band) for each in shown] == [
        (840, "likely"), (420, "exact"), (840, "likely"),
    ]  # fmt: skip


def test_of_an_over_payment_the_rest_stays_unless_it_was_said_what_it_becomes(looking):
    looking.fragment("post", "/sample/12/approve/")
    panel = looking.get("/sample/12/").context["page"].panel
    assert (panel.amount.value, panel.left.value, panel.allowed.decide, left(looking)) == (90, 15, True, 12)

    looking.fragment("post", "/sample/12/undo/")
    looking.fragment("post", "/sample/12/approve/", {"rest": "credit"})

    assert left(looking) == 11
    assert not looking.get("/sample/12/").context["page"].panel.allowed.decide


def found(browser, typed):
    answer = browser.fragment("get", "/sample/8/find/", {"q": typed})
    return [each.number for each in answer.context["page"].find.results]


def test_an_invoice_is_found_as_on_real_data(looking):
    for typed, numbers in {
        "northwind": ["INV-2030", "INV-2029"], "2047": ["INV-2047"], "=": ["INV-2030"],
        "~95": ["INV-2033", "INV-2034"], "=75 harbour": ["INV-2051"], "=75 northwind": [], "=much": [], "": [],
    }.items():  # fmt: skip
        assert found(looking, typed) == numbers, typed


def test_what_was_found_is_matched_as_far_as_it_goes(looking):
    answer = looking.fragment("post", "/sample/8/find/", {"invoice": "10"})
    part = looking.fragment("post", "/sample/7/find/", {"invoice": "2"})

    assert (answer.context["page"].removed, part.context["page"].removed) == (("sample-8",), ())
    assert looking.get("/sample/7/").context["page"].panel.left.value == 320
    for sent in ("2", "99", "x", ""):
        refused = looking.fragment("post", "/sample/7/find/", {"invoice": sent})
        assert (refused.status_code, refused.context["page"].error) == (422, "Choose an invoice.")


def test_the_split_editor_begins_with_the_suggestion_and_takes_more_invoices(looking):
    first = looking.fragment("get", "/sample/12/split/").context["page"].split
    sent = {"amount-10": "75.00", "invoice": "3", "do": "add"}
    more = looking.fragment("post", "/sample/12/split/", sent).context["page"].split

    assert [(row.number, row.text) for row in first.rows] == [("INV-2051", "75.00")]
    assert [(row.number, row.text) for row in more.rows] == [("INV-2051", "75.00"), ("INV-2030", "15.00")]
    assert 'id="pm-split"' in looking.get("/sample/12/split/").content.decode()


def test_a_split_is_saved_with_its_fee_and_nothing_that_does_not_fit(looking):
    refused = {
        "80.00": "INV-2051 owes", "95.00": "INV-2051 owes", "abc": "is not an amount",
        "50.00": "Say what happens to the rest", "": "Choose an invoice.",
    }  # fmt: skip
    for typed, words in refused.items():
        answer = looking.fragment("post", "/sample/12/split/", {"amount-10": typed, "do": "save"})
        assert (answer.status_code, words in answer.context["page"].error) == (422, True), typed
    assert left(looking) == 12

    looking.fragment("post", "/sample/6/split/", {"amount-11": "445.00", "fee-11": "5.00", "do": "save"})

    assert left(looking) == 11
    assert found(looking, "2022") == []


def test_a_session_of_an_earlier_version_begins_anew(looking):
    session = looking.session
    session["sample"] = {"decided": [1, 2], "rejected": {"5": 1}}
    session.save()

    assert left(looking) == 12


def test_before_anything_is_connected_it_is_said_that_this_ends_the_sample(as_owner):
    said = "They end with the first connection or statement."
    pages = ("/connections/whmcs/new/", "/imports/new/", "/")
    assert [said in as_owner.get(path).content.decode() for path in pages] == [False] * 3

    as_owner.post("/sample/begin/")
    assert [said in as_owner.get(path).content.decode() for path in pages] == [True] * 3

    rows.account()
    assert [said in as_owner.get(path).content.decode() for path in pages] == [False] * 3


QUESTION = "What becomes of them?"
FORMS = [f"/connections/{kind}/new/" for kind in ("whmcs", "stripe", "gocardless")] + ["/imports/new/"]


@pytest.fixture
def owner_looking(as_owner):
    as_owner.post("/sample/begin/")
    return as_owner


def test_forms_that_connect_something_ask_only_who_looks_around(as_owner):
    assert [QUESTION in as_owner.get(path).content.decode() for path in FORMS] == [False] * 4

    as_owner.post("/sample/begin/")

    assert [QUESTION in as_owner.get(path).content.decode() for path in FORMS] == [True] * 4


@pytest.mark.parametrize("answer", ["end", "keep"])
def test_a_connection_that_fails_removes_nothing_and_remembers_the_answer(owner_looking, answer):
    form = {"base_url": "no address", "identifier": "a", "secret": "b", "name": "", "sample": answer}

    failed = owner_looking.post("/connections/whmcs/new/", form)

    assert (failed.status_code, left(owner_looking)) == (422, 12)
    shown = owner_looking.get("/connections/stripe/new/").context["shell"].sample
    assert shown == {"end": "ends", "keep": "stays"}[answer]


@pytest.mark.parametrize("state", ["PENDING", "FAILED"])
def test_a_consent_at_a_bank_that_is_not_given_ends_no_sample(owner_looking, in_acme, state):
    BankConnection.objects.create(institution_id="N", institution_name="Nordhaven", country="DE", state=state)

    assert left(owner_looking) == 12
    BankConnection.objects.update(state="LINKED")
    assert owner_looking.get("/sample/").status_code == 303


def test_a_sample_that_may_end_is_gone_with_what_was_connected_and_that_is_said(owner_looking, sandbox):
    keys = world.STRIPE["acme"]
    form = {"key": keys.restricted_key, "webhook_secret": keys.webhook_secret, "sample": "end"}

    answer = owner_looking.post("/connections/stripe/new/", form, follow=True)

    assert "The sample data are gone." in answer.content.decode()
    assert "sample" not in owner_looking.session


def test_a_sample_that_was_to_stay_stays_labelled_until_it_is_removed(owner_looking):
    owner_looking.post("/sample/1/approve/")
    owner_looking.post("/connections/whmcs/new/", {"base_url": "no address", "sample": "keep"})
    rows.account()

    assert left(owner_looking) == 11
    assert "every payment and invoice here is invented" in owner_looking.get("/sample/").content.decode()
    overview = owner_looking.get("/").content.decode()
    assert "They stay beside the company&#x27;s own until you remove them." in overview
    assert 'href="/sample/"' in overview
    # What is real is counted alone: nothing invented waits in the company's own queue.
    assert owner_looking.get("/review/").context["page"].progress.left_count == 0
    assert QUESTION not in owner_looking.get("/connections/whmcs/new/").content.decode()

    owner_looking.post("/sample/remove/")
    assert owner_looking.get("/sample/").status_code == 303


def test_one_click_removes_it(looking):
    looking.post("/sample/1/approve/")

    looking.post("/sample/remove/")

    assert looking.get("/sample/").status_code == 303
    assert "sample" not in looking.session


@pytest.mark.parametrize("real", [rows.instance, rows.account, rows.stripe_connection])
def test_with_something_real_there_is_no_sample(looking, as_owner, real):
    real()

    for path in ("/sample/", "/sample/1/", "/sample/1/panel/", "/sample/status/"):
        assert (looking.get(path).status_code, looking.get(path)["Location"]) == (303, "/")
    for path in POSTS:
        assert looking.post(path).status_code == 303
    looking.post("/sample/begin/")
    assert "sample" not in looking.session
    assert "Look around with sample data" not in as_owner.get("/").content.decode()


def test_before_it_began_and_beyond_its_end_there_is_nothing(as_reviewer):
    assert as_reviewer.get("/sample/").status_code == 303
    as_reviewer.post("/sample/begin/")
    for path in ("/sample/0/", "/sample/13/", "/sample/13/panel/", "/sample/13/find/"):
        assert as_reviewer.get(path).status_code == 404
    for path in ("/sample/13/approve/", "/sample/1/post/", "/sample/13/split/"):
        assert as_reviewer.post(path).status_code == 404


def test_a_viewer_looks_and_does_not_decide(as_viewer):
    as_viewer.post("/sample/begin/")

    assert not as_viewer.get("/sample/").context["page"].panel.allowed.decide
    assert [as_viewer.post(path).status_code for path in POSTS] == [403] * 5


def test_a_sample_is_its_members_alone(looking, as_owner):
    looking.post("/sample/1/approve/")

    assert as_owner.get("/sample/").status_code == 303
