"""Looking around with sample data: judged by the real engine, labelled, kept in a session, and nowhere else."""

from itertools import groupby

import pytest
from django.db import connection

from matching.core.types import Band
from payymo.dashboard.sample.month import month
from payymo.dashboard.sample.progress import Progress
from tests.factories import rows
from tests.factories.rows import TODAY

POSTS = ["/sample/1/approve/", "/sample/1/reject/", "/sample/1/undo/"]


@pytest.fixture
def looking(as_reviewer):
    as_reviewer.post("/sample/begin/")
    return as_reviewer


def left(browser):
    return browser.get("/sample/").context["page"].progress.left_count


def test_the_month_shows_every_case_of_the_matcher():
    found = month(TODAY).suggestions
    bands = {each.candidates[0].band if each.candidates else Band.NONE for each in found.values()}

    assert bands == {Band.EXACT, Band.LIKELY, Band.POSSIBLE, Band.NONE}
    assert max(len(each.candidates[0].allocations) for each in found.values() if each.candidates) == 2


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
            for number in range(1, 9):
                assert looking.fragment("post", f"/sample/{number}/{act}/").status_code == 200
        assert looking.fragment("post", "/sample/1/undo/").status_code == 200
        assert looking.post("/sample/remove/").status_code == 303

    assert written != []
    assert [sql for sql in written if '"django_session"' not in sql] == []


def test_a_decision_leaves_the_queue_and_comes_back(looking):
    answer = looking.fragment("post", "/sample/1/approve/").content.decode()
    assert 'data-removed="sample-1"' in answer
    assert "Nothing is posted." in answer
    assert left(looking) == 7

    undone = looking.fragment("post", "/sample/1/undo/")

    assert undone.context["page"].row.receipt_id == "sample-1"
    assert left(looking) == 8


def test_a_rejected_suggestion_is_shown_no_more(looking):
    before = looking.get("/sample/5/").context["page"].panel.candidates

    looking.fragment("post", "/sample/5/reject/")

    after = looking.get("/sample/5/").context["page"].panel.candidates
    assert len(after) == len(before) - 1
    assert left(looking) == 8


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
    for path in ("/sample/0/", "/sample/9/", "/sample/9/panel/"):
        assert as_reviewer.get(path).status_code == 404
    for path in ("/sample/9/approve/", "/sample/1/post/"):
        assert as_reviewer.post(path).status_code == 404


def test_a_viewer_looks_and_does_not_decide(as_viewer):
    as_viewer.post("/sample/begin/")

    assert not as_viewer.get("/sample/").context["page"].panel.allowed.decide
    assert [as_viewer.post(path).status_code for path in POSTS] == [403, 403, 403]


def test_a_sample_is_its_members_alone(looking, as_owner):
    looking.post("/sample/1/approve/")

    assert as_owner.get("/sample/").status_code == 303
