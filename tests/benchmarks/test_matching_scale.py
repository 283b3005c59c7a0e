import os

import pytest

from benchmarks.hosts.profiles import PROFILES
from benchmarks.hosts.world import invent
from benchmarks.matching_scale import Run, cells, growth, measure, memory_of


def run(rows, seconds):
    return Run(rows, 2 * rows, seconds, 2 * seconds, 100.0, 1.0)


@pytest.mark.parametrize(
    ("rows", "seconds", "expected"),
    [(2000, 20.0, 1.0), (2000, 23.0, 1.15), (4000, 40.0, 1.0), (4000, 52.9, 1.15), (2000, 10.0, 0.5)],
)
def test_growth_is_counted_for_each_doubling(rows, seconds, expected):
    assert growth(run(1000, 10.0), run(rows, seconds)) == pytest.approx(expected)


def test_the_first_size_has_nothing_to_grow_from():
    assert cells(run(1000, 10.0), None) == ["1000", "2000", "10.0", "100", "50", "100", "20.0", "-"]


def test_memory_is_that_of_a_process_that_runs():
    assert memory_of(os.getpid()) > 10
    assert memory_of(2**22 + 1) == 0.0


def test_a_run_of_the_command_is_measured(tmp_path):
    invent(tmp_path / "host", PROFILES["uk"], 1, 60, feedback=True)

    measured = measure(tmp_path / "host")

    assert measured.rows == len((tmp_path / "host" / "predictions.jsonl").read_text().splitlines())
    assert measured.invoices == 60
    assert 20 < measured.peak < 2000
    assert 0 < measured.floor < measured.processor


def test_a_command_that_fails_is_said(tmp_path):
    invent(tmp_path / "host", PROFILES["uk"], 1, 20, feedback=False)
    with (tmp_path / "host" / "invoices.jsonl").open("ab") as lines:
        lines.write(b"[]\n")

    with pytest.raises(RuntimeError, match="not an object"):
        measure(tmp_path / "host")
