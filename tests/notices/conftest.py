"""What several tests of notices need."""

import pytest
from django.db import connection

from payymo.notices.services import collecting


@pytest.fixture
def chained():
    """Give committed entries their place in the log, as the end of a transaction does, inside a rolled back test."""

    def chain():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    return chain


@pytest.fixture
def reading_begins(in_acme, chained):
    """Whoever reads the log for the first time begins at its end."""
    chained()
    with collecting.locked():
        return in_acme


@pytest.fixture
def queries_of():
    """Count the queries of a call."""

    def count(call):
        found = 0

        def counted(execute, sql, params, many, of):
            nonlocal found
            found += 1
            return execute(sql, params, many, of)

        with connection.execute_wrapper(counted):
            call()
        return found

    return count
