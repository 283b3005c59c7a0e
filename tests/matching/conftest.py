"""What tests of whole rounds and runs share."""

from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.db import connection

from tenants import context
from tenants.jobs import exclusive


@pytest.fixture
def other_connection():
    """Hold a job from another connection, as another worker does."""

    @contextmanager
    def hold(tenant, job, **options):
        held, done = Event(), Event()

        def work():
            try:
                with context.inside(tenant), exclusive(job, **options) as alone:
                    assert alone
                    held.set()
                    done.wait(60)
            finally:
                connection.close()

        thread = Thread(target=work)
        thread.start()
        assert held.wait(60)
        try:
            yield
        finally:
            done.set()
            thread.join(60)

    return hold
