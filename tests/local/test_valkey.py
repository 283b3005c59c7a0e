"""The embedded Valkey as a real server: a password, nothing lost by kill -9, never another's port."""

import os
import signal
import socket

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from payymo.local import valkey
from payymo.local.errors import LocalError
from payymo.local.services import keep_port


@pytest.fixture
def start():
    started = []

    def start(home, **options):
        started.append(valkey.start(home, **options))
        return started[-1]

    yield start
    for running in reversed(started):
        running.stop()


@pytest.fixture
def client(home):
    opened = []

    def client(running):
        opened.append(redis.Redis.from_url(valkey.url(home, running.service.port), socket_timeout=60))
        return opened[-1]

    yield client
    for each in opened:
        each.close()


def test_only_the_password_opens_it(home, start, client):
    running = start(home)

    assert client(running).ping() is True
    with (
        redis.Redis(host="127.0.0.1", port=running.service.port, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_it_listens_on_loopback_only(home, start, listening_addresses):
    assert listening_addresses(start(home).service.port) == {"0100007F"}


def test_a_full_queue_refuses_instead_of_forgetting(home, start, client):
    connection = client(start(home))

    assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert connection.config_get("appendonly") == {"appendonly": "yes"}


def test_messages_and_port_stay_over_kill_9_and_over_a_clean_stop(home, start, client):
    first = start(home)
    client(first).rpush("queue", "one")
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait(timeout=60)

    second = start(home)
    client(second).rpush("queue", "two")
    assert second.stop()
    third = start(home)

    assert client(third).lrange("queue", 0, -1) == [b"one", b"two"]
    assert first.service.port == second.service.port == third.service.port


def test_a_taken_port_gives_another(home, start, client):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        keep_port(home, valkey.NAME, other.getsockname()[1])

        running = start(home)

        assert running.service.port != other.getsockname()[1]
        assert client(running).ping() is True


def test_the_password_is_in_no_command_line(home, start):
    running = start(home)

    with open(f"/proc/{running.process.pid}/cmdline") as shown:
        assert home.secret("redis_password") not in shown.read()
    assert (home.root / "valkey" / "valkey.conf").stat().st_mode & 0o777 == 0o600


def test_a_named_program_that_is_not_there_is_refused(home, monkeypatch):
    monkeypatch.setenv("PAYYMO_REDIS_BIN", str(home.root / "missing"))

    with pytest.raises(LocalError, match="that is no program"):
        valkey.start(home)
