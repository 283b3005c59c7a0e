"""In which schema a statement runs, whatever happened on the connection before, and how often that is said."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tenants import context
from tenants.models import Tenant


def schema():
    """The schema that a table made now would be in, as the server says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return cursor.fetchone()[0]


def said(run):
    """How often the schema was named while `run` ran."""
    with CaptureQueriesContext(connection) as found:
        run()
    return sum("SET search_path" in query["sql"] for query in found)


def ask_thrice():
    for _ in range(3):
        assert schema() == connection.schema_name


def test_a_schema_is_named_once_and_not_before_each_statement(acme):
    schema()
    with context.inside(acme):
        assert [said(ask_thrice), said(ask_thrice)] == [1, 0]

    assert said(ask_thrice) == 1


def test_a_server_that_does_not_report_is_told_each_time(acme, monkeypatch):
    monkeypatch.setattr(connection, "reported_search_path", lambda: None)

    with context.inside(acme):
        assert said(ask_thrice) == 3


def test_each_tenant_is_read_in_its_own_schema(acme, globex):
    for tenant in (acme, globex, acme):
        with context.inside(tenant):
            assert schema() == tenant.schema_name
            assert Tenant.objects.count() == 2
    assert schema() == "public"


def test_a_savepoint_that_is_rolled_back_leaves_nobody_in_the_schema_before(acme, globex):
    with context.inside(acme):
        schema()
        with transaction.atomic():
            connection.set_tenant(globex)
            assert schema() == globex.schema_name
            transaction.set_rollback(True)

        # The server fell back to the schema it was in when the savepoint was made; the connection is in globex.
        assert schema() == globex.schema_name


def test_a_transaction_that_failed_unseen_leaves_nobody_in_the_schema_before(committed_acme):
    with context.inside(committed_acme):
        connection.set_schema_to_public()
        schema()
        with transaction.atomic():
            connection.set_tenant(committed_acme)
            assert schema() == committed_acme.schema_name
            with pytest.raises(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")

        # What was committed had failed: the server rolled it back, and the schema with it.
        assert connection.reported_search_path() == "public"
        assert schema() == committed_acme.schema_name


def test_whoever_changes_the_path_by_hand_changes_it_for_one_statement(acme):
    with context.inside(acme):
        with connection.cursor() as cursor:
            cursor.execute("SET search_path = pg_catalog")

        assert schema() == acme.schema_name


def test_a_new_connection_begins_in_the_right_schema(committed_acme):
    with context.inside(committed_acme):
        schema()
        connection.close()

        assert schema() == committed_acme.schema_name
