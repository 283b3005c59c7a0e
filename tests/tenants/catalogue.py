"""What PostgreSQL knows of a schema, without the schema's own name: equal for two schemas that are the same."""

import re

from django.db import connection

_QUERIES = {
    "tables": "SELECT relname, relkind, relpersistence, relreplident, relhastriggers, reloptions, relacl::text"
    " FROM pg_class WHERE relnamespace = %(s)s::regnamespace",
    "columns": """SELECT c.relname, row_number() OVER (PARTITION BY c.oid ORDER BY attnum), attname,
        format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attstorage, attcompression,
        attcollation::regcollation, pg_get_expr(adbin, adrelid), attacl::text, col_description(c.oid, attnum)
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
        WHERE c.relnamespace = %(s)s::regnamespace AND c.relkind = 'r' AND attnum > 0 AND NOT attisdropped""",
    "constraints": """SELECT c.relname, conname, contype, condeferrable, condeferred, convalidated, conislocal,
        pg_get_constraintdef(con.oid) FROM pg_constraint con JOIN pg_class c ON c.oid = conrelid
        WHERE c.relnamespace = %(s)s::regnamespace""",
    "indexes": """SELECT relname, pg_get_indexdef(indexrelid), indisunique, indisprimary,
        indisvalid, indnullsnotdistinct, reloptions FROM pg_index
        JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace = %(s)s::regnamespace""",
    "triggers": """SELECT c.relname, tgname, tgenabled, tgdeferrable, tginitdeferred, pg_get_triggerdef(t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE c.relnamespace = %(s)s::regnamespace AND NOT tgisinternal""",
    "functions": """SELECT proname, pg_get_functiondef(oid), prosecdef, provolatile, proconfig::text, proacl::text
        FROM pg_proc WHERE pronamespace = %(s)s::regnamespace""",
    "sequences": """SELECT sequencename, data_type, start_value, min_value, max_value, increment_by, cycle, cache_size,
        d.refobjid::regclass::text, d.refobjsubid, d.deptype FROM pg_sequences
        JOIN pg_class c ON c.relname = sequencename AND c.relnamespace = %(s)s::regnamespace
        JOIN pg_depend d ON d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.classid = 'pg_class'::regclass
        WHERE schemaname = %(s)s""",
    "schema": "SELECT nspacl::text, nspowner::regrole::text FROM pg_namespace WHERE nspname = %(s)s",
    "owners": "SELECT relname, relowner::regrole::text FROM pg_class WHERE relnamespace = %(s)s::regnamespace",
}


_GRANTS = re.compile(r"\b(?:rel|att|pro|nsp)acl::text")


def catalogue(schema, *, grants=True):
    """Return every kind of thing in the schema as a sorted list of its properties, and how many rows there are."""
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = pg_catalog")
        asked = {kind: query if grants else _GRANTS.sub("NULL", query) for kind, query in _QUERIES.items()}
        found = {kind: _read(cursor, query, schema) for kind, query in asked.items()}
        cursor.execute(f'SELECT app, name FROM "{schema}".django_migrations')
        found["migrations"] = sorted(cursor.fetchall())
        tables = sorted({row[0] for row in found["tables"] if row[1] == "r"})
        found["rows"] = []
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{schema}"."{table}"')
            found["rows"].append((table, cursor.fetchone()[0]))
    return found


def _read(cursor, query, schema):
    cursor.execute(query, {"s": schema})
    return sorted(tuple(_said(str(value), schema) for value in row) for row in cursor.fetchall())


# PostgreSQL writes `IN ('a', 'b')` on a varchar with the cast outside the list, and with it inside once it has read its
# own text: the same constant either way.
_CAST_INSIDE = re.compile(r"\(ARRAY\[((?:\('[^']*'::character varying\)::text(?:, )?)+)\]\)")


def _said(text, schema):
    def outside(found):
        items = re.sub(r"\(('[^']*'::character varying)\)::text", r"\1", found[1])
        return f"((ARRAY[{items}])::text[])"

    return _CAST_INSIDE.sub(outside, text.replace(schema, "SCHEMA"))
