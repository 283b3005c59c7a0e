"""Every report as a page, as fragments and as files: who may see it, what it costs, and that it is the tenant's own."""

import csv
import io
from datetime import timedelta

import pytest

from accounts.models import Membership
from accounts.permissions import PERMISSIONS
from accounts.services import members
from matching.models import Decision
from payymo.dashboard.reports.catalogue import REPORTS
from tenants import context
from tests.dashboard.conftest import Browser
from tests.factories import rows
from tests.factories.rows import NOW, TODAY

OWN_PAGE = {"three-way"}
PAGES = [name for name in REPORTS if name not in OWN_PAGE]
FORMS = {"csv": "text/csv", "xlsx": "spreadsheetml", "pdf": "application/pdf"}


def something_happens(count=1):
    """Invent a payment, an invoice, a charge and a decision, `count` times."""
    for number in range(count):
        client = rows.client(f"Kowalska {number}")
        rows.invoice(f"INV-{number}", "50.00", of=client)
        rows.charge("20.00", charged_at=NOW - timedelta(days=1))
        payment = rows.transfer("x", "10.00", booking_date=TODAY)
        Decision.objects.create(
            kind="APPROVE", source="person", bank_transaction=payment, decided_at=NOW, followed=True,
            suggested_band="exact", suggested_probability=0.95, decided_by_id=1,
        )  # fmt: skip


def query(name):
    span = REPORTS[name].span.name
    return {
        "DAYS": f"from={TODAY.replace(day=1)}&to={TODAY}",
        "MONTHS": "from=2026-10&to=2026-11",
        "DAY": "",
    }[span]


@pytest.mark.parametrize("name", PAGES)
def test_a_report_is_a_page_with_figures_a_picture_and_a_sentence(as_viewer, in_acme, name):
    something_happens()

    answer = as_viewer.get(f"/reports/{name}/?{query(name)}")

    figures = answer.context["page"].figures
    assert answer.status_code == 200
    if name != "reasons":
        # One decision is no time from one to the next, so that there is nothing to draw.
        assert (bool(figures.rows), bool(figures.sentence), bool(figures.charts)) == (True, True, name != "speed")
        assert all(len(row) == len(figures.head) for row in (*figures.rows, *figures.totals))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_every_kind_of_file(as_viewer, in_acme, name, form):
    something_happens()

    answer = as_viewer.get(f"/reports/{name}/export.{form}?{query(name)}")

    assert answer.status_code == 200
    assert FORMS[form] in answer["Content-Type"]
    assert answer["Content-Disposition"] == f'attachment; filename="{name}.{form}"'
    assert len(answer.getvalue()) > 40


def test_what_there_is_not_is_not_found(as_viewer):
    for path in ("none/", "ageing/export.exe", "none/export.csv", "three-way/figures/", "none/figures/"):
        assert as_viewer.whole(f"/reports/{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "ageing/", "ageing/figures/", "ageing/export.pdf"])
def test_only_who_may_see_reports_sees_them(as_newcomer, anonymous, as_viewer, viewer, in_acme, path):
    membership = Membership.objects.get(user=viewer, tenant=in_acme)
    shown = as_viewer.whole(f"/reports/{path}")
    assert (shown.status_code, bool(shown.getvalue())) == (200, True)
    members.limit_member(membership=membership, granted=frozenset(PERMISSIONS), accounts=[rows.account()])

    assert as_newcomer.whole(f"/reports/{path}").status_code == 403
    assert anonymous.whole(f"/reports/{path}").status_code == 302
    assert as_viewer.whole(f"/reports/{path}").status_code == 403


@pytest.mark.parametrize("name", ["ageing", "cash", "automation", "match-rate", "speed", "statement", "unmatched"])
def test_another_tenants_rows_are_in_no_report(as_viewer, in_acme, globex, name):
    with context.inside(globex):
        something_happens(3)

    answer = as_viewer.get(f"/reports/{name}/export.csv?{query(name)}")

    lines = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert all(set(line[2:]) <= {"0", ""} for line in lines[1:])


def test_a_stranger_sees_nothing(globex, in_acme, viewer):
    stranger = Browser("globex.localhost", tenant=in_acme, user=viewer)

    assert stranger.get("/reports/ageing/export.csv").status_code in (302, 404)


@pytest.mark.parametrize("name", REPORTS)
def test_queries_do_not_grow_with_rows(as_viewer, in_acme, queries_of, name):
    something_happens()
    address = f"/reports/{name}/export.csv?{query(name)}"
    as_viewer.get(address).getvalue()

    few = queries_of(lambda: as_viewer.get(address).getvalue())
    something_happens(4)
    many = queries_of(lambda: as_viewer.get(address).getvalue())

    assert many <= few


def test_figures_that_show_already_are_not_sent_again(as_viewer, in_acme):
    something_happens()
    state = as_viewer.get("/reports/ageing/").context["page"].figures.state

    assert as_viewer.fragment("get", f"/reports/ageing/figures/?state={state}").status_code == 204
    something_happens()
    answer = as_viewer.fragment("get", f"/reports/ageing/figures/?state={state}")
    assert answer.status_code == 200
    assert b"pm-total" in answer.content
    assert b"<html" not in answer.content


@pytest.mark.parametrize(
    ("name", "wrong", "text"),
    [
        ("statement", "from=2026-11-20&to=2026-11-01", "a last day that is not before it"),
        ("statement", "from=2000-11-20&to=2026-11-01", "at most three years"),
        ("statement", "from=x&to=", "a last day that is not before it"),
        ("match-rate", "from=x", "Choose months such as 2026-01"),
        ("match-rate", "from=2026-11&to=2026-01", "Choose months such as 2026-01"),
        ("match-rate", "from=1999-01", "Choose months such as 2026-01"),
        ("cash", "from=9999-12&to=9999-12", "Choose months such as 2026-01"),
    ],
)
def test_a_period_that_cannot_be_used_is_said_and_the_usual_one_shown(as_viewer, name, wrong, text):
    answer = as_viewer.get(f"/reports/{name}/?{wrong}")
    file = as_viewer.get(f"/reports/{name}/export.csv?{wrong}")

    assert text in answer.content.decode()
    assert (file.status_code, file["Location"].startswith(f"/reports/{name}/?from=")) == (302, True)


def test_the_match_rate_as_a_table_begins_with_the_first_suggestion(as_viewer, in_acme):
    something_happens()

    table = as_viewer.get("/reports/match-rate/export.csv?from=2026-10&to=2026-11").getvalue().decode("utf-8-sig")

    lines = list(csv.DictReader(io.StringIO(table)))
    assert [(line["month"], line["band"], line["proposed"], line["said"]) for line in lines] == [
        ("2026-11", "Exact", "1", ""), ("2026-11", "All", "1", "0.95"),
    ]  # fmt: skip


def test_a_workbook_of_all_findings_names_each_list(as_viewer, in_acme):
    something_happens()

    table = as_viewer.get(f"/reports/three-way/export.csv?{query('three-way')}").getvalue().decode("utf-8-sig")

    assert {line["list"] for line in csv.DictReader(io.StringIO(table))} == {"captured_unpaid", "in_no_payout"}


def test_the_list_of_reports_leads_to_each(as_viewer):
    html = as_viewer.get("/reports/").content.decode()

    assert all(f'href="/reports/{name}/"' in html for name in REPORTS)
