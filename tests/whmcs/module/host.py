"""A WHMCS-like host in real PHP, with several workers: the module's door, the external API, and the admin area."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

from whmcs.module.build import ADDON

HERE = Path(__file__).parent / "php"
API = "<?php require __DIR__ . '/../init.php'; echo json_encode(localAPI((string) $_POST['action'], $_POST));"


class Host:
    """Its files and database are in a folder of their own; `ended` stops it."""

    def __init__(self, folder: Path, code: str) -> None:
        self.database, self.web = folder / "whmcs.sqlite", folder / "web"
        shutil.copytree(ADDON, self.web / "modules" / "addons" / "payymo")
        (self.web / "includes").mkdir()
        (self.web / "includes" / "api.php").write_text(API)
        (self.web / "init.php").write_text(f"<?php require_once '{HERE / 'harness.php'}';")
        (self.web / "admin").mkdir()
        for name in ("addonmodules", "invoices", "clientssummary"):
            (self.web / "admin" / f"{name}.php").write_text(f"<?php require '{HERE / 'admin.php'}';")
        self.environment = {
            **os.environ, "PAYYMO_TEST_DATABASE": str(self.database), "PAYYMO_TEST_CODE": code,
            "PHP_CLI_SERVER_WORKERS": "4",
        }  # fmt: skip
        self._code = ""
        self.pair(code)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._log = (folder / "php.log").open("w")
        self.process = subprocess.Popen(
            ["php", "-d", "opcache.enable=0", "-S", f"127.0.0.1:{self.port}", "-t", str(self.web)],
            env=self.environment, stdout=self._log, stderr=self._log, start_new_session=True,
        )  # fmt: skip
        self._wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pair(self, code: str) -> None:
        """Activate the module and paste a setup code, unless it is the one in use."""
        if code == self._code:
            return
        program = (
            f"require '{HERE / 'harness.php'}'; payymo_activate();"
            "exit(WHMCS\\Module\\Addon\\Payymo\\Connection::take(getenv('PAYYMO_TEST_CODE')) === null ? 1 : 0);"
        )
        environment = {**self.environment, "PAYYMO_TEST_CODE": code}
        done = subprocess.run(
            ["php", "-r", program], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self._code = code

    def rows(self, statement: str, *values: object) -> list[tuple]:
        """Read or write its database."""
        with sqlite3.connect(self.database, timeout=120) as held:
            found = held.execute(statement, values).fetchall()
        held.close()
        return found

    def booked(self, transaction_id: str) -> list[tuple]:
        return self.rows("SELECT invoiceid, amountin FROM tblaccounts WHERE transid = ?", transaction_id)

    def option(self, name: str, *, is_on: bool) -> None:
        """Tick or clear a box of the module's settings."""
        self.rows("DELETE FROM tbladdonmodules WHERE setting = ?", name)
        if is_on:
            self.rows("INSERT INTO tbladdonmodules VALUES ('payymo', ?, 'on')", name)

    def end(self) -> None:
        # Its workers do not end with it.
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=60)
        self._log.close()

    def _wait(self) -> None:
        end, pause = time.monotonic() + 60, threading.Event()
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < end, "php did not start within a minute"
                pause.wait(0.05)
            else:
                return
