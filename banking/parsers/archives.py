"""The statement files in a ZIP archive, as banks send a month of daily ones; nothing of it is written to a disk."""

from __future__ import annotations

from banking.parsers.assembly import MAX_BYTES
from banking.parsers.errors import FileTooLarge, UnreadableStatement
from banking.parsers.problems import FileProblem
from banking.parsers.zip_parts import is_zip, part_names, parts

MAX_FILES = 100
_TOGETHER = 5 * MAX_BYTES
# An Office file is a ZIP archive by its own rules.
_OFFICE = {"[Content_Types].xml", "mimetype", "content.xml"}


def is_archive(source: bytes) -> bool:
    """Say whether the file is an archive of files, not an Office file that is packed the same way.

    Raises: UnreadableStatement when it is damaged.
    """
    return is_zip(source) and not part_names(source) & _OFFICE


def files(source: bytes) -> list[tuple[str, bytes]]:
    """Return name and content of each file, in the order of the archive; what a system adds for itself is left out.

    Raises: UnreadableStatement when it is damaged, locked, empty, or names places outside of it; FileTooLarge with
    more than 100 files, 50 MiB together, or 10 MiB in one.
    """
    names = [name for name in part_names(source) if not name.endswith("/")]
    for name in names:
        if name.startswith(("/", "\\")) or ":" in name or ".." in name.replace("\\", "/").split("/"):
            raise UnreadableStatement(FileProblem.ARCHIVE_OUTSIDE)
    wanted = frozenset(name for name in names if not _is_of_the_system(name))
    if not wanted:
        raise UnreadableStatement(FileProblem.ARCHIVE_EMPTY)
    if len(wanted) > MAX_FILES:
        raise FileTooLarge(FileProblem.ARCHIVE_FILES, count=len(wanted), most=MAX_FILES)
    return list(parts(source, largest=MAX_BYTES, together=_TOGETHER, wanted=wanted))


def _is_of_the_system(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].lower() in {".ds_store", "thumbs.db", "desktop.ini"}
