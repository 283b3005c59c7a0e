"""A periodic job of a tenant runs once at a time, whatever process or thread starts it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tenants import context
from tenants.jobs import exclusive


def held_by_another_worker(tenant, job):
    """Return whether another connection finds the job held."""

    def attempt():
        try:
            with context.inside(tenant), exclusive(job) as alone:
                return not alone
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(attempt).result(timeout=60)


def test_a_job_is_held_in_its_tenant_alone_and_until_it_ends(committed_acme, committed_globex):
    with exclusive("sync") as alone:
        assert alone
        assert held_by_another_worker(committed_acme, "sync")
        assert not held_by_another_worker(committed_acme, "post")
        assert not held_by_another_worker(committed_globex, "sync")

    assert not held_by_another_worker(committed_acme, "sync")


def test_a_job_that_fails_frees_the_lock(committed_acme):
    with pytest.raises(ZeroDivisionError), exclusive("sync"):
        _ = 1 / 0

    assert not held_by_another_worker(committed_acme, "sync")


def test_the_lock_of_a_worker_that_was_killed_is_free(committed_acme):
    def die():
        try:
            with context.inside(committed_acme), exclusive("sync") as alone:
                assert alone
                connection.connection.close()
                connection.connection = None
                raise KeyboardInterrupt
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, pytest.raises(KeyboardInterrupt):
        pool.submit(die).result(timeout=60)

    assert not held_by_another_worker(committed_acme, "sync")


def test_without_a_tenant_there_is_no_job(committed):
    with pytest.raises(context.NoTenant), exclusive("sync"):
        pass
