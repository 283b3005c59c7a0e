"""One file a secret, named like the secret or in lower case: Docker's secrets, or systemd's credentials."""

import os
import stat
from pathlib import Path

from payymo.shared.secret_store.base import LONGEST_SECRET, SecretMissing, SecretUnreadable, usable

DOCKER_DIRECTORY = Path("/run/secrets")


class FileBackend:
    """Implements `Backend` on a directory.

    Nobody but root and this user may be able to write a secret; others may not read it either. Only in Docker's own
    directory they may: Docker mounts secrets readable for all, in a container that has no others.
    """

    is_live = True

    def __init__(self, directory: Path, *, others_may_read: bool = False) -> None:
        self._directory = directory
        self._refused = 0o022 if others_may_read else 0o026

    def read(self, name: str) -> str:
        """Return the content of the file."""
        for path in (self._directory / name, self._directory / name.lower()):
            try:
                return usable(name, self._content(name, path), place=str(self._directory))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise SecretUnreadable(name, f"{path} cannot be read ({error.strerror}).") from None
            except UnicodeDecodeError:
                raise SecretUnreadable(name, f"{path} is not UTF-8 text.") from None
        raise SecretMissing(name, f"there is no such file in {self._directory}.")

    def _content(self, name: str, path: Path) -> str:
        # Kubernetes and systemd may put links there, but none that lead out.
        real = path.resolve(strict=True)
        if not real.is_relative_to(self._directory.resolve(strict=True)):
            raise SecretUnreadable(name, f"{path} leads out of the directory.")
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            # Of the opened file, so that it cannot be exchanged between the look and the reading.
            self._check(name, path, os.fstat(descriptor))
            return file.read(LONGEST_SECRET + 2).decode()

    def _check(self, name: str, path: Path, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise SecretUnreadable(name, f"{path} is not a file.")
        if found.st_uid not in (0, os.geteuid()):
            raise SecretUnreadable(name, f"{path} belongs to another user; it must be root's or this user's.")
        if found.st_mode & self._refused:
            raise SecretUnreadable(
                name, f"{path} is open to others (mode {stat.S_IMODE(found.st_mode):04o}); use mode 0400."
            )
