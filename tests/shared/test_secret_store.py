"""Where secrets come from: four kinds of store, what each failure says, and for how long a value is believed."""

import json
import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from payymo.shared import crypto, master_key
from payymo.shared.secret_store.base import SecretMissing, SecretUnavailable, SecretUnreadable
from payymo.shared.secret_store.choosing import UnusableStore, open_store
from payymo.shared.secret_store.environment import EnvironmentBackend
from payymo.shared.secret_store.files import FileBackend
from payymo.shared.secret_store.store import SecretStore
from payymo.shared.secret_store.vault import VaultBackend, VaultPlace
from tests.shared import store_servers

NAME, SECRET = "PAYYMO_MASTER_KEY", "correct-horse-battery-staple"


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Backend:
    """A store in memory that counts what it is asked, and fails when told to."""

    is_live = True

    def __init__(self, **held):
        self.held, self.error, self.asked = held, None, 0

    def read(self, name):
        self.asked += 1
        if self.error:
            raise self.error
        if name not in self.held:
            raise SecretMissing(name, "it is not there.")
        return self.held[name]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def backend():
    return Backend(**{NAME: SECRET})


@pytest.fixture
def store(backend, clock):
    return SecretStore(backend, fresh_seconds=60, usable_seconds=900, clock=clock)


def says_nothing(error, caplog):
    """Neither the error, nor what it comes from, nor the log holds the secret."""
    while error is not None:
        assert SECRET not in f"{error} {error!r} {vars(error)}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert SECRET not in caplog.text


def test_a_value_is_asked_for_once_a_minute(store, backend, clock):
    assert [store.get(NAME) for _ in range(5)] == [SECRET] * 5
    clock.now += 59
    store.get(NAME)

    assert backend.asked == 1


def test_a_rotated_secret_is_noticed_without_a_restart(store, backend, clock):
    store.get(NAME)
    backend.held[NAME] = "another"

    clock.now += 61

    assert store.get(NAME) == "another"


def test_a_silent_store_is_bridged_for_a_quarter_of_an_hour_and_no_longer(store, backend, clock):
    store.get(NAME)
    backend.error = SecretUnreadable(NAME, "it does not answer.")

    clock.now += 899
    assert store.get(NAME) == SECRET
    clock.now += 2
    with pytest.raises(SecretUnreadable, match="does not answer"):
        store.get(NAME)


def test_a_secret_that_was_removed_is_gone_at_the_next_look(store, backend, clock):
    store.get(NAME)
    backend.held.clear()

    clock.now += 61

    with pytest.raises(SecretMissing):
        store.get(NAME)
    assert store.find(NAME) == ""


def test_a_dead_store_is_asked_every_five_seconds_and_works_again_by_itself(store, backend, clock):
    backend.error = SecretUnreadable(NAME, "it does not answer.")
    for _ in range(10):
        with pytest.raises(SecretUnreadable):
            store.get(NAME)
    assert backend.asked == 1

    backend.error = None
    clock.now += 5

    assert store.get(NAME) == SECRET


def test_while_one_thread_asks_the_others_use_what_is_kept(clock):
    asking, go_on = threading.Event(), threading.Event()

    class Slow(Backend):
        def read(self, name):
            if self.asked:
                asking.set()
                assert go_on.wait(60)
            return super().read(name)

    store = SecretStore(Slow(**{NAME: SECRET}), clock=clock)
    store.get(NAME)
    clock.now += 61
    thread = threading.Thread(target=store.get, args=(NAME,))
    thread.start()
    assert asking.wait(60)

    found = store.get(NAME)

    go_on.set()
    thread.join(60)
    assert found == SECRET


def test_nothing_shows_a_secret(store, backend, caplog):
    store.get(NAME)

    assert SECRET not in f"{store!r} {store._kept!r}"
    backend.error = SecretUnreadable(NAME, "it does not answer.")
    store.forget()
    with pytest.raises(SecretUnreadable) as refused:
        store.get(NAME)
    says_nothing(refused.value, caplog)


def test_the_environment_gives_what_is_set_and_never_changes():
    backend = EnvironmentBackend({NAME: SECRET})

    assert (backend.read(NAME), backend.is_live) == (SECRET, False)
    with pytest.raises(SecretMissing, match="OTHER: it is not in the environment"):
        backend.read("OTHER")


class TestFiles:
    @pytest.fixture
    def put(self, tmp_path):
        def put(name, text, mode=0o400):
            path = tmp_path / name
            path.write_text(text)
            path.chmod(mode)
            return path

        return put

    @pytest.mark.parametrize("name", [NAME, NAME.lower()])
    def test_a_file_is_found_by_its_name_and_its_last_line_break_is_not_part_of_it(self, tmp_path, put, name):
        put(name, SECRET + "\n")

        assert FileBackend(tmp_path).read(NAME) == SECRET

    @pytest.mark.parametrize("mode", [0o440 | 0o004, 0o420, 0o402, 0o666])
    def test_a_file_that_others_may_read_or_change_is_refused(self, tmp_path, put, mode, caplog):
        put(NAME, SECRET, mode)

        with pytest.raises(SecretUnreadable, match=r"is open to others .* use mode 0400") as refused:
            FileBackend(tmp_path).read(NAME)
        says_nothing(refused.value, caplog)

    def test_what_docker_mounts_readable_for_all_is_read_but_not_what_others_may_write(self, tmp_path, put):
        backend = FileBackend(tmp_path, others_may_read=True)
        put(NAME, SECRET, 0o444)
        put("OTHER", SECRET, 0o446)

        assert backend.read(NAME) == SECRET
        with pytest.raises(SecretUnreadable):
            backend.read("OTHER")

    def test_a_link_inside_the_directory_is_followed_and_one_that_leads_out_is_not(self, tmp_path, put, caplog):
        (tmp_path / "data").mkdir()
        put("data/key", SECRET)
        (tmp_path / NAME).symlink_to("data/key")
        (tmp_path / "OTHER").symlink_to("/etc/hostname")
        backend = FileBackend(tmp_path)

        assert backend.read(NAME) == SECRET
        with pytest.raises(SecretUnreadable, match="leads out") as refused:
            backend.read("OTHER")
        says_nothing(refused.value, caplog)

    def test_a_directory_in_its_place_is_no_secret(self, tmp_path):
        (tmp_path / NAME).mkdir()

        with pytest.raises(SecretUnreadable):
            FileBackend(tmp_path).read(NAME)

    @pytest.mark.parametrize("text", ["", "\n"])
    def test_an_empty_file_is_a_missing_secret(self, tmp_path, put, text):
        put(NAME, text)

        with pytest.raises(SecretMissing):
            FileBackend(tmp_path).read(NAME)

    def test_no_directory_no_file_no_text_and_too_much_text_are_told_apart(self, tmp_path, put):
        with pytest.raises(SecretMissing, match="there is no such file"):
            FileBackend(tmp_path / "nowhere").read(NAME)
        put(NAME, "x" * 70_000)
        with pytest.raises(SecretUnreadable, match="longer than 64 KiB"):
            FileBackend(tmp_path).read(NAME)
        (tmp_path / "OTHER").write_bytes(b"\xff\xfe")
        (tmp_path / "OTHER").chmod(0o400)
        with pytest.raises(SecretUnreadable, match="not UTF-8"):
            FileBackend(tmp_path).read("OTHER")

    def test_systemds_directory_is_found_by_itself(self, tmp_path, put):
        put(NAME, SECRET)

        store = open_store({"PAYYMO_SECRETS": "files", "CREDENTIALS_DIRECTORY": str(tmp_path)})

        assert (store.get(NAME), store.is_live) == (SECRET, True)


class TestVault:
    @pytest.fixture
    def state(self):
        return store_servers.VaultState(entry={NAME: SECRET})

    @pytest.fixture
    def backend(self, state, tmp_path, clock):
        secret_id = tmp_path / "secret-id"
        secret_id.write_text("role-secret\n")
        with store_servers.vault(state) as address:
            place = VaultPlace(address=address, role_id="role", secret_id_file=str(secret_id))
            yield VaultBackend(place, clock=clock)

    def test_a_field_of_the_entry_is_the_secret(self, backend):
        assert backend.read(NAME) == SECRET
        with pytest.raises(SecretMissing, match="OTHER: it is not in Vault's secret/payymo"):
            backend.read("OTHER")

    def test_a_token_is_used_until_half_its_time_and_then_renewed(self, backend, state, clock):
        backend.read(NAME)
        clock.now += 1799
        backend.read(NAME)
        clock.now += 2
        backend.read(NAME)

        assert state.calls == ["login", "payymo", "payymo", "renew-self", "payymo"]
        assert len(state.tokens) == 1

    def test_a_token_that_cannot_be_renewed_is_made_anew(self, backend, state, clock):
        backend.read(NAME)
        state.renewable = False
        clock.now += 1801

        assert backend.read(NAME) == SECRET
        assert state.calls[2:] == ["renew-self", "login", "payymo"]

    def test_a_token_that_ended_is_not_renewed(self, backend, state, clock):
        backend.read(NAME)
        clock.now += 3601

        backend.read(NAME)

        assert state.calls[2:] == ["login", "payymo"]

    def test_a_revoked_token_is_made_anew_at_once(self, backend, state):
        backend.read(NAME)
        state.tokens.clear()

        assert backend.read(NAME) == SECRET
        assert state.calls[2:] == ["payymo", "login", "payymo"]

    def test_a_denying_policy_is_said_and_asked_no_more_than_once(self, backend, state, caplog):
        state.policy_denies = True

        with pytest.raises(SecretUnreadable, match="does not let us read") as refused:
            backend.read(NAME)

        assert state.calls == ["login", "payymo"]
        says_nothing(refused.value, caplog)

    @pytest.mark.parametrize(
        ("fault", "kind", "sentence"),
        [
            ({"sealed": True}, SecretUnreadable, "sealed or not ready"),
            ({"deleted": True}, SecretMissing, "does not exist, or was deleted"),
            ({"garbage": True}, SecretUnreadable, "not one of a version 2"),
            ({"role": ("role", "changed")}, SecretUnreadable, "refuses us"),
        ],
    )
    def test_each_fault_is_told_in_its_own_words(self, backend, state, fault, kind, sentence, caplog):
        for name, value in fault.items():
            setattr(state, name, value)

        with pytest.raises(kind, match=sentence) as refused:
            backend.read(NAME)
        says_nothing(refused.value, caplog)

    def test_a_redirection_does_not_take_the_token_elsewhere(self, backend, state):
        backend.read(NAME)
        elsewhere = store_servers.VaultState(entry={NAME: "forged"})
        with store_servers.vault(elsewhere) as address:
            state.redirect_to = f"{address}/v1/secret/data/payymo"
            with pytest.raises(SecretUnreadable):
                backend.read(NAME)

        assert elsewhere.calls == []

    def test_a_vault_that_is_gone_is_said(self, tmp_path):
        (tmp_path / "token").write_text("t")
        place = VaultPlace(address="http://127.0.0.1:9", token_file=str(tmp_path / "token"))

        with pytest.raises(SecretUnreadable, match="does not answer"):
            VaultBackend(place).read(NAME)

    def test_a_token_that_an_agent_keeps_is_read_again_each_time(self, state, tmp_path):
        path = tmp_path / "token"
        path.write_text(state.new_token())
        with store_servers.vault(state) as address:
            backend = VaultBackend(VaultPlace(address=address, token_file=str(path)))
            backend.read(NAME)
            state.tokens.clear()
            path.write_text(state.new_token())
            found = backend.read(NAME)
            path.unlink()
            with pytest.raises(SecretUnreadable, match="cannot be read from"):
                backend.read(NAME)

        assert found == SECRET

    def test_a_token_of_the_environment_is_never_used(self, state, monkeypatch, tmp_path):
        monkeypatch.setenv("VAULT_TOKEN", state.new_token())
        (tmp_path / "token").write_text("wrong")
        with store_servers.vault(state) as address:
            backend = VaultBackend(VaultPlace(address=address, token_file=str(tmp_path / "token")))
            with pytest.raises(SecretUnreadable):
                backend.read(NAME)

    @pytest.mark.parametrize(
        "fields",
        [
            {"address": "http://vault.example:8200", "token_file": "t"},
            {"address": "vault.example", "token_file": "t"},
            {"address": "https://vault.example"},
            {"address": "https://vault.example", "role_id": "r"},
            {"address": "https://vault.example", "token_file": "t", "role_id": "r", "secret_id_file": "s"},
        ],
    )
    def test_a_plain_address_and_no_or_two_ways_in_are_refused(self, fields):
        with pytest.raises(ValueError, match="Vault"):
            VaultPlace(**fields)


class TestAws:
    @pytest.fixture
    def state(self):
        return store_servers.AwsState(text=json.dumps({NAME: SECRET}))

    @pytest.fixture
    def store(self, state, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with store_servers.aws(state) as address:
            variables = {"PAYYMO_SECRETS": "aws", "PAYYMO_AWS_REGION": "eu-central-1", "PAYYMO_AWS_ENDPOINT": address}
            yield open_store({**variables, "PAYYMO_SECRETS_FRESH_SECONDS": "0.000001"})

    def test_a_field_of_the_json_is_the_secret_and_a_new_version_is_noticed(self, store, state):
        assert store.get(NAME) == SECRET
        state.text = json.dumps({NAME: "rotated"})

        assert store.get(NAME) == "rotated"
        assert set(state.calls) == {"secretsmanager.GetSecretValue"}

    @pytest.mark.parametrize(
        ("error", "kind", "sentence"),
        [
            ((400, "ResourceNotFoundException"), SecretMissing, "does not exist"),
            ((400, "AccessDeniedException"), SecretUnreadable, "AccessDeniedException"),
            ((400, "DecryptionFailure"), SecretUnreadable, "DecryptionFailure"),
            ((500, "InternalServiceError"), SecretUnreadable, "InternalServiceError"),
        ],
    )
    def test_each_refusal_is_told_in_its_own_words(self, store, state, error, kind, sentence, caplog):
        caplog.set_level(logging.DEBUG)
        state.error = error

        with pytest.raises(kind, match=sentence) as refused:
            store.get(NAME)
        says_nothing(refused.value, caplog)

    @pytest.mark.parametrize("text", [SECRET, "[]", json.dumps({NAME: 5}), json.dumps({NAME: None})])
    def test_a_secret_of_another_form_is_refused_without_showing_it(self, store, state, text, caplog):
        state.text = text

        with pytest.raises(SecretUnreadable) as refused:
            store.get(NAME)
        says_nothing(refused.value, caplog)

    def test_without_a_role_or_key_it_says_so(self, store, monkeypatch, tmp_path):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        bare = open_store(
            {"PAYYMO_SECRETS": "aws", "PAYYMO_AWS_REGION": "eu-central-1", "PAYYMO_AWS_ENDPOINT": "http://127.0.0.1:9"}
        )

        with pytest.raises(SecretUnreadable, match="who we are"):
            bare.get(NAME)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PAYYMO_SECRETS": "cloud"}, "one of environment, files, vault, aws"),
        ({"PAYYMO_SECRETS": "aws"}, "PAYYMO_AWS_REGION"),
        ({"PAYYMO_SECRETS": "vault"}, "https://"),
        ({"PAYYMO_SECRETS_FRESH_SECONDS": "soon"}, "PAYYMO_SECRETS_FRESH_SECONDS"),
        ({"PAYYMO_SECRETS_USABLE_SECONDS": "0"}, "PAYYMO_SECRETS_USABLE_SECONDS"),
    ],
)
def test_settings_that_do_not_fit_are_named(variables, sentence):
    with pytest.raises(UnusableStore, match=sentence):
        open_store(variables)


def test_a_new_master_key_in_the_store_is_used_without_a_restart(settings, store, backend, clock):
    one, two = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
    settings.SECRETS = store
    backend.held[NAME] = f"1:{one}"
    old = master_key.seal(b"data key", bound_to=b"here")

    backend.held[NAME] = f"2:{two},1:{one}"
    clock.now += 61
    new = master_key.seal(b"data key", bound_to=b"here")

    assert [crypto.key_id_of(each) for each in (old, new)] == [1, 2]
    assert [master_key.unseal(each, bound_to=b"here") for each in (old, new)] == [b"data key"] * 2
    assert not master_key.is_current(old)


def test_a_master_key_that_cannot_be_had_is_an_unreadable_secret(settings, store, backend):
    settings.SECRETS = store
    backend.error = SecretUnreadable(NAME, "it does not answer.")

    with pytest.raises(crypto.UnreadableSecret, match="does not answer"):
        master_key.unseal(b"\x01\x00\x01" + bytes(40), bound_to=b"here")


START = (
    "import django; django.setup(); from django.conf import settings; "
    "print(len(settings.MASTER_KEY), settings.MASTER_KEY_ID)"
)


def started(folder, **variables):
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-c", START],
        env={"PATH": "/usr/bin", "PYTHONPATH": str(root), "DJANGO_SETTINGS_MODULE": "payymo.settings",
             "PAYYMO_SECRETS": "files", "PAYYMO_SECRETS_DIR": str(folder), "PAYYMO_MODE": "test", **variables},
        capture_output=True, text=True, timeout=60, check=False, cwd=folder,
    )  # fmt: skip


def test_payymo_starts_on_files_alone_and_says_which_one_is_missing(tmp_path):
    held = {
        "secret_key": "k" * 50, "payymo_master_key": "3:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "database_url": "postgres://payymo@127.0.0.1:9/none", "redis_url": "redis://127.0.0.1:9/0",
    }  # fmt: skip
    for name, text in held.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o400)

    whole = started(tmp_path)
    (tmp_path / "payymo_master_key").unlink()
    broken = started(tmp_path)

    assert whole.stdout.split() == ["32", "3"], whole.stderr
    assert broken.returncode == 1
    assert "PAYYMO_MASTER_KEY: there is no such file" in broken.stderr
    assert "k" * 50 not in broken.stderr


def test_every_failure_is_one_kind():
    assert issubclass(SecretMissing, SecretUnavailable)
    assert issubclass(SecretUnreadable, SecretUnavailable)
