"""The bytes of an uploaded statement file: kept sealed in one column, and read from it piece by piece."""

from django.db.models import BinaryField, IntegerField
from django.db.models.functions import Length, Substr
from django.utils.translation import gettext

from banking.models import StatementImport
from payymo.shared.errors import Conflict
from tenants import sealing

# The driver takes a value in as twice as many digits, and its connection keeps that room as long as it lives.
_PIECE = 1024 * 1024


class FileErased(Conflict):
    """The uploaded file is not kept any more."""

    code = "file_erased"


def seal_content(row: StatementImport, content: bytes) -> None:
    """Put the file into the row, which is not saved."""
    # Latin-1 gives every byte a character of its own, and the same byte back.
    row.file_sealed = sealing.seal(row, "file_sealed", content.decode("latin-1"))


def content_of(row: StatementImport) -> bytes:
    """Return the bytes of the uploaded file.

    Raises: FileErased.
    """
    bound_to = sealing.binding_of(row._meta.db_table, "file_sealed", row.public_id)
    return sealing.data_key().unseal(_sealed(row), bound_to=bound_to).decode().encode("latin-1")


def _sealed(row: StatementImport) -> bytes:
    sealed, length = bytearray(), 1
    while len(sealed) < length:
        piece, length = (
            StatementImport.objects.filter(pk=row.pk)
            .values_list(
                Substr("file_sealed", len(sealed) + 1, _PIECE, output_field=BinaryField()),
                Length("file_sealed", output_field=IntegerField()),
            )
            .get()
        )
        if not length:
            raise FileErased(gettext("The file itself was erased after 30 days; what was imported from it stays."))
        sealed += piece
    return bytes(sealed)
