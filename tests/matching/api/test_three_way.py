"""The three-way check over the API."""

from datetime import timedelta

import pytest

from tenants import context
from tests.factories import rows
from tests.factories.callers import Caller
from tests.factories.rows import NOW, TODAY

PATH = f"reports/three-way/?from={TODAY - timedelta(days=20)}&to={TODAY}"


@pytest.fixture
def charges(acme):
    with context.inside(acme):
        return [rows.charge("1200", currency="JPY", charged_at=NOW - timedelta(hours=n)) for n in range(3)]


def test_counts_and_the_rows_of_a_list_page_by_page(charges):
    caller = Caller("viewer")

    counts = caller.get(PATH).json()
    first = caller.get(f"{PATH}&list=captured_unpaid&page_size=2").json()
    second = caller.get(f"{PATH}&list=captured_unpaid&page_size=2&cursor={first['cursor']}").json()

    assert (counts["counts"]["captured_unpaid"], counts["counts"]["fee_differs"], counts["results"]) == (3, 0, [])
    assert [row["charge"] for row in (*first["results"], *second["results"])] == [one.charge_id for one in charges]
    assert second["cursor"] is None
    assert (first["results"][0]["amount"], first["results"][0]["next_step"]) == ("1200", "find_invoice")


def test_a_stranger_and_nobody_see_nothing(charges):
    assert Caller("reviewer", "globex").get(PATH).json()["counts"]["captured_unpaid"] == 0
    assert Caller(None).get(PATH).status_code == 401


@pytest.mark.parametrize(
    "query",
    ["list=x", "from=x", "from=2020-01-01", "from=2026-11-21&to=2026-11-20", "page_size=0", "page_size=201", "x=1"],
)
def test_what_cannot_be_read_is_refused(acme, query):
    answer = Caller("viewer").get(f"reports/three-way/?{query}")

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
