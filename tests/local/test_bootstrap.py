"""Making the environment on a machine that has a Python and nothing else."""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile

import pytest

from payymo.local import bootstrap
from payymo.local.home import CHECKOUT

KNOWN = {
    "/old/python3": ("3.9", True),
    "/bare/python3.12": ("3.12", False),
    "/good/python3.13": ("3.13", True),
    "/broken/shim": ("", False),
}


def test_the_first_interpreter_that_is_new_enough_and_complete_is_taken():
    chosen = bootstrap.choose_python(
        ["/broken/shim", "/old/python3", "/bare/python3.12", "/good/python3.13"], KNOWN.get
    )

    assert chosen == "/good/python3.13"


def test_an_old_python_alone_is_refused_with_its_version_and_the_way_out():
    with pytest.raises(bootstrap.Missing) as refusal:
        bootstrap.choose_python(["/old/python3", "/broken/shim"], KNOWN.get)

    assert str(refusal.value) == (
        "Payymo needs Python 3.11 or later (/old/python3 is 3.9). "
        "Install one, or name it: make demo PYTHON=/path/to/python3"
    )


def test_a_python_without_venv_is_told_which_package_to_install():
    with pytest.raises(bootstrap.Missing, match=r"3\.12.* has no venv or ensurepip .*apt install python3-venv"):
        bootstrap.choose_python(["/old/python3", "/bare/python3.12"], KNOWN.get)


def test_a_real_interpreter_is_probed_and_a_missing_one_is_not_an_error():
    version = f"{sys.version_info.major}.{sys.version_info.minor}"

    assert bootstrap.probe(sys.executable) == (version, True)
    assert bootstrap.probe("/nowhere/python3") == ("", False)


def test_a_full_disk_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(bootstrap.Missing, match=r"only 100 MiB are free .* need 2,048 MiB\."):
        bootstrap.check_disk(tmp_path / "not" / "yet", free_bytes=100 * 1024**2)


def test_wrong_usage_exits_2_with_one_line():
    done = subprocess.run(
        [sys.executable, "payymo/local/bootstrap.py", "production"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (done.returncode, done.stderr) == (2, "usage: python3 payymo/local/bootstrap.py demo|dev|bench\n")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout whose locked requirement is one small wheel of this folder; no index can be reached from it."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    digest = make_wheel(wheels)
    monkeypatch.setattr(bootstrap, "CHECKOUT", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.delenv("PAYYMO_VENV", raising=False)
    monkeypatch.setenv("PAYYMO_HOME", "home")
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt"):
        (tmp_path / name).write_text(f"small==1.0 --hash=sha256:{digest}\n")
    (tmp_path / "requirements-demo.txt").write_text("")
    return tmp_path


def make_wheel(folder):
    source = b"VALUE = 42\n"
    metadata = b"Metadata-Version: 2.1\nName: small\nVersion: 1.0\n"
    kind = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {"small.py": source, "small-1.0.dist-info/METADATA": metadata, "small-1.0.dist-info/WHEEL": kind}
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b'=').decode()},{len(text)}\n"
        for name, text in files.items()
    )
    path = folder / "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, "small-1.0.dist-info/RECORD": record.encode()}.items():
            wheel.writestr(name, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A virtual environment with pip in it; making one takes longer than all that is done with a copy."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=300)
    return folder


@pytest.fixture
def made(bare, checkout):
    """The environment of `checkout` as an earlier run made it, which installed nothing yet."""
    environment = bootstrap.environment_folder()
    shutil.copytree(bare, environment, symlinks=True)
    (environment / "payymo-stamp.json").write_text('{"ours": true}')
    return environment


def imported_value(environment):
    python = str(environment / "bin" / "python")
    return subprocess.check_output([python, "-c", "import small; print(small.VALUE)"], text=True, timeout=120).strip()


def test_without_uv_pip_installs_what_is_locked_and_the_second_run_does_nothing(checkout, capfd):
    environment = bootstrap.environment_folder()

    assert bootstrap.main(["dev"]) == 0
    first = capfd.readouterr().out
    made_at = (environment / "pyvenv.cfg").stat().st_mtime_ns
    assert [bootstrap.main([level]) for level in ("dev", "demo")] == [0, 0]

    assert "making a virtual environment" in first
    assert "trying pip" in first
    assert imported_value(environment) == "42"
    assert (capfd.readouterr().out, (environment / "pyvenv.cfg").stat().st_mtime_ns) == ("", made_at)


def test_each_level_holds_all_of_the_one_before_at_the_same_versions():
    locked = {
        level: {
            tuple(line.split(" ")[0].split("=="))
            for name in names
            for line in (CHECKOUT / name).read_text().splitlines()
            if line[:1].isalnum()
        }
        for level, names in bootstrap.LEVELS.items()
    }

    assert locked["demo"] - locked["dev"] == set()
    assert locked["dev"] - locked["bench"] == set()


def test_what_was_installed_to_compare_with_stays_for_the_tests(checkout, made, capfd):
    assert bootstrap.main(["dev"]) == 0
    assert bootstrap.is_current(made, "bench") is False

    assert bootstrap.main(["bench"]) == 0

    assert [bootstrap.is_current(made, level) for level in bootstrap.LEVELS] == [True, True, True]
    (checkout / "requirements-bench.txt").write_text((checkout / "requirements-bench.txt").read_text() + "# changed\n")
    assert bootstrap.main(["demo"]) == 0
    assert bootstrap.is_current(made, "bench") is True


def test_an_environment_cut_off_half_way_is_made_anew(made, capfd):
    assert bootstrap.main(["demo"]) == 0
    # What a kill in the middle of an installation leaves: the mark, and a package without half of its files.
    made.with_name("venv.incomplete").write_text('{"ours": true}')
    [module] = made.glob("lib/python*/site-packages/small.py")
    module.unlink()

    assert bootstrap.is_current(made, "demo") is False
    assert bootstrap.main(["demo"]) == 0

    assert imported_value(made) == "42"
    assert bootstrap.is_current(made, "demo") is True


def test_a_wrong_hash_installs_nothing_and_leaves_no_stamp(checkout, made, capfd):
    (made / "payymo-stamp.json").unlink()
    (checkout / "requirements.txt").write_text(f"small==1.0 --hash=sha256:{'0' * 64}\n")

    assert bootstrap.main(["demo"]) == 2

    assert "payymo: the packages could not be installed" in capfd.readouterr().err
    assert not (made / "payymo-stamp.json").exists()
    assert list(made.glob("lib/python*/site-packages/small*")) == []


def test_an_environment_of_the_caller_is_added_to_and_never_removed(checkout, bare, monkeypatch, capfd):
    own = checkout / "own"
    shutil.copytree(bare, own, symlinks=True)
    [packages] = own.glob("lib/python*/site-packages")
    (packages / "theirs.py").write_text("")
    monkeypatch.setenv("PAYYMO_VENV", str(own))

    assert bootstrap.main(["dev"]) == 0
    assert json.loads((own / "payymo-stamp.json").read_text())["ours"] is False
    shutil.rmtree(own / "bin")
    assert bootstrap.main(["dev"]) == 2

    assert (packages / "theirs.py").exists()
    assert "which is no working environment; remove it." in capfd.readouterr().err
