"""A new schema as a copy of the template: the same catalogue as one that was migrated, in a fraction of the time.

Everything is read from PostgreSQL's own definitions with nothing on the search path, so that each name in them is
qualified; the template's name is one that nothing else contains, and is replaced by the new one.
Source: docs/adr/0026-a-new-tenant-is-a-copy-of-a-migrated-template.md
"""

from typing import Any

from django.db import connection, transaction

from payymo.shared.errors import Conflict
from tenants.models import TEMPLATE_SCHEMA

# What this copy does not know: a test fails as soon as a migration brings such a thing.
_UNKNOWN_THINGS = """
SELECT 'relation ' || relname FROM pg_class WHERE relnamespace = %(schema)s::regnamespace
    AND (relkind NOT IN ('r', 'i', 'S') OR relpersistence <> 'p' OR relrowsecurity
         OR (relkind = 'r' AND reloptions IS NOT NULL)
         OR relispartition OR relhasrules)
UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace = %(schema)s::regnamespace
    AND typtype IN ('e', 'd', 'r', 'm')
UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace AND prokind <> 'f'
UNION ALL SELECT 'sequence ' || c.relname FROM pg_class c WHERE relnamespace = %(schema)s::regnamespace
    AND relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i')
UNION ALL SELECT 'default of ' || adrelid::regclass FROM pg_attrdef JOIN pg_class c ON c.oid = adrelid
    WHERE c.relnamespace = %(schema)s::regnamespace AND pg_get_expr(adbin, adrelid) LIKE '%%' || %(schema)s || '%%'
UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
    WHERE c.relnamespace = %(schema)s::regnamespace AND NOT tgisinternal AND tgenabled <> 'O'
UNION ALL SELECT 'inheritance of ' || inhrelid::regclass FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
    WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r'
"""
_TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = %(schema)s::regnamespace AND relkind = 'r' ORDER BY oid
"""
_FUNCTIONS = "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace ORDER BY oid"
# Keys before what refers to them; checks come with LIKE, which copies them as they were understood; constraint triggers
# come with the triggers.
_CONSTRAINTS = """
SELECT format('ALTER TABLE %%I.%%I %%s', %(schema)s, c.relname,
    string_agg(format('ADD CONSTRAINT %%I %%s', conname, pg_get_constraintdef(con.oid)), ', ' ORDER BY con.oid))
FROM pg_constraint con JOIN pg_class c ON c.oid = conrelid
WHERE c.relnamespace = %(schema)s::regnamespace AND contype IN ('p', 'u', 'x', 'f')
GROUP BY c.oid, c.relname, contype = 'f' ORDER BY contype = 'f', c.oid
"""
_INDEXES = """
SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indrelid
WHERE c.relnamespace = %(schema)s::regnamespace
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
ORDER BY indexrelid
"""
_TRIGGERS = """
SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
WHERE c.relnamespace = %(schema)s::regnamespace AND NOT tgisinternal ORDER BY t.oid
"""
_IDENTITIES = """
SELECT c.relname, pg_get_serial_sequence(format('%%I.%%I', %(schema)s, c.relname), attname)
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r' AND attidentity <> '' ORDER BY c.oid, attnum
"""
# LIKE makes every counter a bigint.
_NARROW_COUNTERS = """
SELECT format('ALTER SEQUENCE %%s AS %%s', seqrelid::regclass, format_type(seqtypid, NULL))
FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid
WHERE c.relnamespace = %(schema)s::regnamespace AND seqtypid <> 'bigint'::regtype ORDER BY seqrelid
"""
_LIKE = "CONSTRAINTS", "DEFAULTS", "IDENTITY", "GENERATED", "STORAGE", "COMPRESSION", "COMMENTS", "STATISTICS"


class CannotCopy(Conflict):
    """The template holds something that the copy would lack."""

    code = "cannot_copy"


def unknown_things() -> list[str]:
    """Name what the template holds and a copy would lack; empty when it can be copied."""
    with connection.cursor() as cursor:
        return _read(cursor, _UNKNOWN_THINGS)


@transaction.atomic
def clone_template(schema: str) -> None:
    """Make `schema` a copy of the template, with the rows that migrations put there; all of it or nothing.

    Raises: CannotCopy; ProgrammingError if the schema exists.
    """
    if strange := unknown_things():
        raise CannotCopy(f"The template holds what cannot be copied yet: {', '.join(strange)[:300]}.")
    with connection.cursor() as cursor:
        # For this transaction: every name in a definition is then written with its schema.
        cursor.execute("SET LOCAL search_path = pg_catalog")
        cursor.execute(";\n".join(_script(cursor, schema)))
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _script(cursor: Any, schema: str) -> list[str]:
    """Write what makes the copy: functions, tables, rows, where counters stand, then all that watches over rows."""

    def copied(query: str) -> list[str]:
        return [text.replace(f"{TEMPLATE_SCHEMA}.", f"{schema}.") for text in _read(cursor, query)]

    tables = [connection.ops.quote_name(name) for name in _read(cursor, _TABLES)]
    like = " ".join(f"INCLUDING {what}" for what in _LIKE)
    filled = [table for table in tables if _has_rows(cursor, table)]
    return [
        f"CREATE SCHEMA {schema}",
        *copied(_FUNCTIONS),
        *(f"CREATE TABLE {schema}.{table} (LIKE {TEMPLATE_SCHEMA}.{table} {like})" for table in tables),
        *copied(_NARROW_COUNTERS),
        *(
            f"INSERT INTO {schema}.{table} OVERRIDING SYSTEM VALUE SELECT * FROM {TEMPLATE_SCHEMA}.{table}"  # noqa: S608 - our own names, quoted  # nosec B608
            for table in filled
        ),
        *_counters(cursor, schema, filled),
        *copied(_CONSTRAINTS),
        *copied(_INDEXES),
        *copied(_TRIGGERS),
    ]


def _counters(cursor: Any, schema: str, filled: list[str]) -> list[str]:
    cursor.execute(_IDENTITIES, {"schema": TEMPLATE_SCHEMA})
    counters = [sequence for table, sequence in cursor.fetchall() if connection.ops.quote_name(table) in filled]
    copies = [sequence.replace(f"{TEMPLATE_SCHEMA}.", f"{schema}.") for sequence in counters]
    return [
        f"SELECT setval('{copy}', last_value, is_called) FROM {counter}"  # noqa: S608 - our own names, quoted  # nosec B608
        for copy, counter in zip(copies, counters, strict=True)
    ]


def _has_rows(cursor: Any, table: str) -> bool:
    cursor.execute(f"SELECT EXISTS (SELECT FROM {TEMPLATE_SCHEMA}.{table})")  # noqa: S608 - our own table, quoted  # nosec B608
    return bool(cursor.fetchone()[0])


def _read(cursor: Any, query: str) -> list[str]:
    cursor.execute(query, {"schema": TEMPLATE_SCHEMA})
    return [text for (text,) in cursor.fetchall()]
