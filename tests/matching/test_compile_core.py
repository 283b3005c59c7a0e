import os

import pytest
from django.core.management import call_command

from matching.core.compiled import HERE
from matching.management.commands import compile_core


@pytest.fixture
def builds(tmp_path, monkeypatch):
    monkeypatch.setattr(compile_core, "BUILDS", tmp_path / "builds")
    return tmp_path / "builds"


def test_a_machine_without_a_compiler_is_told_so_and_goes_on(builds, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))

    call_command("compile_core")

    said = capsys.readouterr().err
    assert said.startswith("The matching core runs as plain Python, for want of a C compiler")
    assert said.count("\n") == 1
    assert not builds.exists()


def test_what_is_built_is_not_built_again(builds, capsys):
    (builds / compile_core.fingerprint()).mkdir(parents=True)

    call_command("compile_core")

    assert capsys.readouterr().err == ""


def test_the_newest_builds_stay(tmp_path):
    for age, name in enumerate(("now", "last", "before", "old", "older")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))

    compile_core.drop_old(tmp_path, keep=tmp_path / "now")

    assert {path.name for path in tmp_path.iterdir()} == {"now", "last", "before"}


def test_every_module_that_is_compiled_is_there():
    assert [name for name in compile_core.MODULES if not (HERE / f"{name}.py").is_file()] == []
