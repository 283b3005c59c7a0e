"""A new tenant's schema is a copy of the template, and the copy is what migrating would have made, to the last name."""

import pytest
from django.db import DatabaseError, connection, transaction
from django_tenants.utils import schema_exists

from tenants import context, release
from tenants.models import TEMPLATE_SCHEMA, Domain, Tenant, TenantKey, new_schema_name
from tenants.services import cloning, migrating, provisioning
from tests.tenants.catalogue import catalogue


@pytest.fixture
def made(committed):
    """Make schemas, by copying or by migrating, which are dropped afterwards."""
    schemas = []

    def make(how):
        schema = new_schema_name()
        schemas.append(schema)
        how(schema)
        context.leave()
        return schema

    yield make
    context.leave()
    with connection.cursor() as cursor:
        for schema in schemas:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def test_the_copy_equals_a_migrated_schema(made):
    copied, migrated = made(cloning.clone_template), made(migrating._migrate)

    of_copy, of_migrated = catalogue(copied), catalogue(migrated)

    assert {kind: len(of_copy[kind]) for kind in of_copy if not of_copy[kind]} == {}
    for kind, found in of_migrated.items():
        assert of_copy[kind] == found, kind


def test_a_difference_in_the_copy_would_be_seen(made):
    copied = made(cloning.clone_template)
    before = catalogue(copied)

    for change, kind in (
        ("ALTER TABLE {}.whmcs_posting ALTER COLUMN currency DROP NOT NULL", "columns"),
        ("DROP TRIGGER audit_only_chained ON {}.audit_auditlink", "triggers"),
        ("ALTER TABLE {}.whmcs_posting DROP CONSTRAINT a_transid_is_used_once", "indexes"),
        ("ALTER TABLE {}.whmcs_posting ALTER COLUMN id SET INCREMENT BY 7", "sequences"),
    ):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(change.format(f'"{copied}"').replace("DROP CONSTRAINT", "DROP CONSTRAINT IF EXISTS"))
                cursor.execute(f'DROP INDEX IF EXISTS "{copied}".a_transid_is_used_once')
            assert catalogue(copied)[kind] != before[kind]
            transaction.set_rollback(True)


def test_the_template_holds_nothing_that_a_copy_would_lack(db):
    assert cloning.unknown_things() == []


@pytest.mark.parametrize(
    "strange",
    [
        "CREATE VIEW {}.seen AS SELECT 1",
        "CREATE TYPE {}.mood AS ENUM ('good')",
        "CREATE SEQUENCE {}.loose",
        "ALTER TABLE {}.whmcs_posting SET (fillfactor = 70)",
        "ALTER TABLE {}.whmcs_posting ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE {}.audit_auditlink DISABLE TRIGGER audit_only_chained",
    ],
)
def test_what_a_copy_would_lack_is_refused_and_nothing_is_made(db, strange):
    with connection.cursor() as cursor:
        cursor.execute(strange.format(TEMPLATE_SCHEMA))
    schema = new_schema_name()

    with pytest.raises(cloning.CannotCopy):
        cloning.clone_template(schema)

    assert not schema_exists(schema)


def test_counters_of_filled_tables_go_on_behind_the_copied_rows(made):
    copied = made(cloning.clone_template)

    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{copied}".django_migrations (app, name, applied) VALUES (%s, %s, now())', ["x", "y"]
        )
        cursor.execute(f'SELECT count(*), count(DISTINCT id) FROM "{copied}".django_migrations')
        rows, ids = cursor.fetchone()
    assert rows == ids > 10


def test_a_tenant_that_cannot_be_made_leaves_nothing(committed, monkeypatch):
    before = Tenant.objects.count(), Domain.objects.count(), TenantKey.objects.count()

    def interrupt(execute, sql, params, many, of):
        if "CREATE SCHEMA" in sql:
            execute(sql, params, many, of)
            raise DatabaseError("the connection was lost")
        return execute(sql, params, many, of)

    with pytest.raises(DatabaseError), connection.execute_wrapper(interrupt):
        provisioning.create_tenant(slug="broken", name="Broken", domain="broken.localhost")

    assert (Tenant.objects.count(), Domain.objects.count(), TenantKey.objects.count()) == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 't\\_%%'")
        assert cursor.fetchone()[0] == before[0]


def test_the_template_is_no_tenant_and_is_at_head(db):
    assert not Tenant.objects.filter(schema_name=TEMPLATE_SCHEMA).exists()
    assert release.fingerprint(release.applied(TEMPLATE_SCHEMA)) == release.head()
