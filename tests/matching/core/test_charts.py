from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.core import charts

BINS = [
    {"n": 120, "said": 0.42, "right": 0.5, "low": 0.41, "high": 0.59},
    {"n": 119, "said": 0.97, "right": 0.98, "low": 0.94, "high": 0.99},
    {"n": 120, "said": 0.9996, "right": 1.0, "low": 0.97, "high": 1.0},
]
NAMES = {"title": "Said & true <all>", "across": "Said", "up": "Came true"}
SVG = "{http://www.w3.org/2000/svg}"


def read(text):
    return ElementTree.fromstring(text)


def test_each_bin_is_a_point_with_its_count_and_its_range():
    drawn = read(charts.reliability(BINS, **NAMES, standalone=True))

    points = [(float(one.get("cx")), float(one.get("cy"))) for one in drawn.iter(f"{SVG}circle")]
    counts = [one.text for one in drawn.iter(f"{SVG}text") if (one.text or "").startswith("n ")]
    assert counts == ["n 120", "n 119", "n 120"]
    assert [x for x, _ in points] == sorted({x for x, _ in points})
    assert all(0 <= x <= charts.WIDTH and 0 <= y <= charts.HEIGHT for x, y in points)
    assert sum(one.get("class") == "pm-range" for one in drawn.iter(f"{SVG}line")) == 3
    assert drawn.find(f"{SVG}title").text == "Said & true <all>"


def test_a_file_has_colours_for_light_and_dark_and_the_page_has_none():
    alone, inside = (charts.reliability(BINS, **NAMES, standalone=kind) for kind in (True, False))

    assert "prefers-color-scheme:dark" in alone
    assert "<style>" not in inside
    assert 'class="pm-chart"' in inside


def test_a_better_precision_is_drawn_higher():
    points = [{"share": 0.2, "right": 1.0, "at": 0.99}, {"share": 0.9, "right": 0.95, "at": 0.5}]

    drawn = read(charts.coverage(points, **NAMES, standalone=True))

    [line] = drawn.iter(f"{SVG}polyline")
    (x1, y1), (x2, y2) = (tuple(map(float, one.split(","))) for one in line.get("points").split())
    assert x1 < x2
    assert y1 < y2


def test_a_month_without_figures_stays_empty():
    rows = [{"label": "Oct", "right": None, "said": None}, {"label": "Nov", "right": 0.9, "said": 0.95}]

    drawn = read(charts.months(rows, title="t", up="u", standalone=True))

    assert len(list(drawn.iter(f"{SVG}rect"))) == 1
    assert {"Oct", "Nov"} <= {one.text for one in drawn.iter(f"{SVG}text")}


share = st.floats(0, 1)


@given(
    bins=st.lists(
        st.fixed_dictionaries({"n": st.integers(1, 999), "said": share, "right": share, "low": share, "high": share}),
        max_size=10,
    )
)
def test_every_figure_stays_inside_the_picture(bins):
    drawn = read(charts.reliability(bins, **NAMES, standalone=True))

    for one in drawn.iter(f"{SVG}circle"):
        assert 0 <= float(one.get("cx")) <= charts.WIDTH
        assert 0 <= float(one.get("cy")) <= charts.HEIGHT


@pytest.mark.parametrize("draw", [charts.reliability, charts.coverage])
def test_no_figures_give_an_empty_picture(draw):
    assert list(read(draw([], **NAMES, standalone=True)).iter(f"{SVG}circle")) == []
