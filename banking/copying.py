"""Many rows at once, by PostgreSQL's COPY: several times faster than INSERT, and as strict."""

import io
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models.expressions import Expression

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_PIECE = 2000


def copy_rows(model: type[models.Model], rows: Iterable[models.Model]) -> int:
    """Insert the rows in the current transaction; their primary keys stay unknown here.

    Shape: returns how many were written. Columns with a default of the database are left to it.
    Raises: IntegrityError like an INSERT, and then nothing of the transaction stays.
    """
    fields = [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and field.db_default is models.NOT_PROVIDED
    ]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    statement = f"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN"
    written, lines = 0, []
    with connection.cursor() as cursor:
        for row in rows:
            lines.append("\t".join(_written(_value(field, row)) for field in fields))
            if len(lines) >= _PIECE:
                written += _send(cursor, statement, lines)
        written += _send(cursor, statement, lines)
    return written


def _send(cursor: Any, statement: str, lines: list[str]) -> int:
    if not lines:
        return 0
    count = len(lines)
    with connection.wrap_database_errors:
        cursor.copy_expert(statement, io.StringIO("\n".join(lines) + "\n"))
    lines.clear()
    return count


def _value(field: "models.Field[Any, Any]", row: models.Model) -> Any:
    return field.get_db_prep_save(field.pre_save(row, add=True), connection=connection)


def _written(value: Any) -> str:
    """Write one value in COPY's text format."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int | Decimal | UUID):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Expression):
        raise TypeError("an expression cannot be copied")
    # BinaryField prepares its value as the driver's Binary, which holds the bytes.
    return "\\\\x" + bytes(getattr(value, "adapted", value)).hex()
