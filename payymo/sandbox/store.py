"""The state of the sandbox: one SQLite file that survives a kill, a connection per use, writers one at a time."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from payymo.sandbox import seeding

FILE = "sandbox.sqlite3"
PRISTINE = "pristine.sqlite3"
BUSY_SECONDS = 30.0


class Store:
    """Opens the file and hands out connections.

    Reads see a consistent snapshot (WAL). A write happens inside one `BEGIN IMMEDIATE`, so what it has read is still
    true when it commits, however many requests post at once.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / FILE
        self.pristine = home / PRISTINE
        self._writer = threading.Lock()
        self._anchor: sqlite3.Connection | None = None

    def open(self, *, seed: int, until: date, reset: bool = False) -> date:
        """Continue the world in the file, or make a new one, and return its last day."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if reset:
            self._remove()
        # Kept open: when the last connection closes, SQLite writes the whole log back, at each request then.
        self._anchor = self._connect()
        return self._seed_once(self._anchor, seed, until)

    def close(self) -> None:
        """Let the file go, with its log written back."""
        if self._anchor is not None:
            self._anchor.close()
            self._anchor = None

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        self.pristine.unlink(missing_ok=True)

    def _seed_once(self, connection: sqlite3.Connection, seed: int, until: date) -> date:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        exists = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
        # Tables and rows appear together: a start that is killed half-way leaves an empty file, not half a world.
        # A world that an earlier version made gets the tables that it lacks, empty.
        seeding.make_tables(connection)
        if not exists:
            seeding.fill(connection, seed, until)
        connection.execute("COMMIT")
        row = connection.execute("SELECT value FROM meta WHERE key = 'until'").fetchone()
        return date.fromisoformat(row["value"])

    def renew(self) -> date:
        """Throw every change away and go back to the world as it was made."""
        with self._writer, self.reading() as connection:
            meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
            until = date.fromisoformat(meta["until"])
            if not self.pristine.exists():
                self._keep_pristine(int(meta["seed"]), until)
            # Nothing is lost that could not be made again, so the disk need not be waited for.
            connection.execute("PRAGMA synchronous=OFF")
            with closing(sqlite3.connect(self.pristine)) as first:
                first.backup(connection)
        return until

    def _keep_pristine(self, seed: int, until: date) -> None:
        """Make the world once more in a file of its own; going back is then a copy."""
        half = self.pristine.with_suffix(".half")
        half.unlink(missing_ok=True)
        with closing(sqlite3.connect(half, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            seeding.make_tables(connection)
            seeding.fill(connection, seed, until)
            connection.execute("COMMIT")
        half.replace(self.pristine)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for reads; it is closed afterwards."""
        connection = self._connect()
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection inside one immediate transaction: all of it is kept, or none."""
        with self._writer, self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
