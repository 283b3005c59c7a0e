"""Many rows at once, by PostgreSQL's COPY: several times faster than INSERT, and as strict."""

import io
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models.expressions import Expression
from psycopg2.extras import Json

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_PIECE = 2000


def copy_rows(model: type[models.Model], rows: Iterable[models.Model]) -> int:
    """Insert the rows in the current transaction; primary keys that were not taken with `take_keys` stay unknown here.

    Shape: returns how many were written. All rows have a primary key or none has. Columns with a default of the
    database are left to it.
    Raises: IntegrityError like an INSERT, and then nothing of the transaction stays.
    """
    stream = iter(rows)
    first = next(stream, None)
    if first is None:
        return 0
    fields = [
        field
        for field in model._meta.concrete_fields
        if (first.pk is not None if field.primary_key else field.db_default is models.NOT_PROVIDED)
    ]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    statement = f"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN"
    written, lines = 0, []
    with connection.cursor() as cursor:
        for row in chain([first], stream):
            lines.append("\t".join(_written(_value(field, row)) for field in fields))
            if len(lines) >= _PIECE:
                written += _send(cursor, statement, lines)
        written += _send(cursor, statement, lines)
    return written


def take_keys(model: type[models.Model], count: int) -> list[int]:
    """Take primary keys for rows that will be copied, so that other rows can refer to them; rising."""
    assert model._meta.pk is not None  # noqa: S101 - every model has one
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, count],
        )
        return [key for (key,) in cursor.fetchall()]


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
    if isinstance(value, int | float | Decimal | UUID):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Json):
        return str(value.dumps(value.adapted)).translate(_ESCAPES)
    if isinstance(value, Expression):
        raise TypeError("an expression cannot be copied")
    # BinaryField prepares its value as the driver's Binary, which holds the bytes.
    return "\\\\x" + bytes(getattr(value, "adapted", value)).hex()
