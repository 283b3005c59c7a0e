"""What the launcher says before it starts anything."""

import os
import socket
import stat

import pytest

from payymo.local import chromium, preflight
from payymo.local.errors import LocalError
from payymo.local.home import Home


def test_a_taken_port_is_refused_and_names_who_holds_it():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(LocalError) as refusal:
            preflight.check_port(port, "web", "PAYYMO_PORT")

        text = str(refusal.value)
        assert text.startswith(f"Port {port} (web) is taken by ")
        assert f"(process {os.getpid()})" in text
        assert text.endswith("PAYYMO_PORT=PORT make demo")

    preflight.check_port(port, "web", "PAYYMO_PORT")


@pytest.mark.parametrize("text", ["abc", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("PAYYMO_PORT", text)

    with pytest.raises(LocalError, match=r"PAYYMO_PORT is .*; it must be a port from 1 to 65535\."):
        preflight.port_from_environment("PAYYMO_PORT", 8000)


def test_an_unset_or_empty_port_is_the_default(monkeypatch):
    monkeypatch.setenv("PAYYMO_PORT", "")

    assert preflight.port_from_environment("PAYYMO_PORT", 8000) == 8000


def test_a_full_disk_is_named_with_what_is_needed(tmp_path):
    with pytest.raises(LocalError, match=r"Only 12 MiB are free on the disk of .*; Payymo needs 1,024 MiB\."):
        preflight.check_disk(tmp_path, free_bytes=12 * 1024**2)

    preflight.check_disk(tmp_path, free_bytes=1024**3)


def test_a_home_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(LocalError, match="cannot be written"):
        Home(tmp_path / "file" / "home").create()


def test_secrets_are_made_once_and_readable_by_their_owner_only(home):
    first = home.secret("key")

    assert home.secret("key") == first
    assert home.secret("other") != first
    assert stat.S_IMODE((home.root / "secrets.json").stat().st_mode) == 0o600


def test_a_browser_is_looked_for_where_it_is_named_on_path_and_where_playwright_puts_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    monkeypatch.delenv("PAYYMO_CHROMIUM", raising=False)
    assert chromium.find() is None

    downloaded = tmp_path / "browsers" / "chromium-1200" / "chrome-linux" / "chrome"
    downloaded.parent.mkdir(parents=True)
    downloaded.touch(mode=0o755)
    assert chromium.find() == str(downloaded)

    (tmp_path / "chromium").touch(mode=0o755)
    assert chromium.find() == str(tmp_path / "chromium")

    monkeypatch.setenv("PAYYMO_CHROMIUM", str(tmp_path / "nowhere"))
    with pytest.raises(LocalError, match="that is no program"):
        chromium.find()
