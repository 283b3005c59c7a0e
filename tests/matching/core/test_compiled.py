import sys

import pytest

from matching.core import compiled


@pytest.fixture
def builds(tmp_path, monkeypatch):
    """An empty folder for builds, the source as it is, and nothing that asks for it plain."""
    monkeypatch.setattr(compiled, "BUILDS", tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv(compiled.PLAIN, raising=False)
    return tmp_path


def made(builds, name):
    (builds / name / "matching" / "core").mkdir(parents=True)
    return builds / name


def test_a_build_of_this_source_goes_before_it(builds):
    build = made(builds, compiled.fingerprint())
    where = ["source"]

    assert compiled.prefer_compiled(where)

    assert where == [str(build / "matching" / "core"), "source"]
    assert sys.path[-1] == str(build)


def test_a_build_of_another_source_has_no_part_in_it(builds):
    made(builds, "0" * 20)
    where, path = ["source"], list(sys.path)

    assert not compiled.prefer_compiled(where)

    assert (where, sys.path) == (["source"], path)


def test_without_any_build_the_source_runs(builds):
    builds.rmdir()
    where = ["source"]

    assert not compiled.prefer_compiled(where)

    assert where == ["source"]


def test_the_source_runs_where_it_is_asked_for(builds, monkeypatch):
    made(builds, compiled.fingerprint())
    monkeypatch.setenv(compiled.PLAIN, "1")
    where = ["source"]

    assert not compiled.prefer_compiled(where)

    assert where == ["source"]


@pytest.mark.parametrize(("name", "text"), [("book.py", "owed = 2\n"), ("debts.py", "owed = 1\n")])
def test_any_change_of_the_source_leaves_its_build_behind(tmp_path, monkeypatch, name, text):
    monkeypatch.setattr(compiled, "HERE", tmp_path)
    (tmp_path / "book.py").write_text("owed = 1\n")
    before = compiled.fingerprint()
    assert compiled.fingerprint() == before

    (tmp_path / name).write_text(text)

    assert compiled.fingerprint() != before
