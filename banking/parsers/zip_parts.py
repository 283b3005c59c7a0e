"""What a ZIP file holds, unpacked in memory within bounds that are kept while reading, whatever its directory says."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from banking.parsers.errors import FileTooLarge, UnreadableStatement
from banking.parsers.problems import FileProblem

MAX_PARTS = 1_000
MAX_RATIO = 200
_ALWAYS_ALLOWED = 1024 * 1024
_STEP = 256 * 1024
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError)
_ENCRYPTED = 0x1


def is_zip(source: bytes) -> bool:
    """Say whether the file begins as a ZIP archive does."""
    return source.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def part_names(source: bytes) -> frozenset[str]:
    """Return the names of what is in the archive.

    Raises: UnreadableStatement when it is damaged; FileTooLarge when it holds too many.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source)) as archive:
            _check(archive)
            return frozenset(archive.namelist())
    except UnreadableStatement:
        raise
    except _BROKEN as error:
        raise UnreadableStatement(FileProblem.ARCHIVE_DAMAGED) from error


def parts(source: bytes, *, largest: int, together: int, wanted: frozenset[str] | None = None) -> Iterator[
    tuple[str, bytes]
]:  # fmt: skip
    """Yield name and content of each file in the archive, or of the wanted ones.

    Units: `largest` bytes for one, `together` for all; beyond a megabyte nothing may unfold to 200 times its size.
    Raises: UnreadableStatement when it is damaged or locked with a password; FileTooLarge.
    """
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(source)) as archive:
            _check(archive)
            for info in archive.infolist():
                if info.is_dir() or (wanted is not None and info.filename not in wanted):
                    continue
                if info.flag_bits & _ENCRYPTED:
                    raise UnreadableStatement(FileProblem.ARCHIVE_LOCKED)
                content = _content(archive, info, min(largest, together - total))
                total += len(content)
                yield info.filename, content
    except UnreadableStatement:
        raise
    except _BROKEN as error:
        raise UnreadableStatement(FileProblem.ARCHIVE_DAMAGED) from error


def _check(archive: zipfile.ZipFile) -> None:
    if len(archive.infolist()) > MAX_PARTS:
        raise FileTooLarge(FileProblem.ARCHIVE_PARTS, most=MAX_PARTS)
    if not all(archive.namelist()):
        # A name ends at its first zero byte.
        raise UnreadableStatement(FileProblem.ARCHIVE_DAMAGED)


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    pieces, size = [], 0
    with archive.open(info) as opened:
        while piece := opened.read(_STEP):
            size += len(piece)
            if size > most:
                raise FileTooLarge(FileProblem.ARCHIVE_LARGE)
            if size > _ALWAYS_ALLOWED and size > MAX_RATIO * max(info.compress_size, 1):
                raise FileTooLarge(FileProblem.ARCHIVE_RATIO, times=MAX_RATIO)
            pieces.append(piece)
    return b"".join(pieces)
