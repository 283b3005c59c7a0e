"""What stands before the start: table names in both schemas, unsafe production, a database role that may too much."""

from types import SimpleNamespace

import pytest
import redis
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from payymo.shared import production
from tenants import checks, startup

SAFE = {
    "PRODUCTION": True,
    "DEBUG": False,
    "SECRET_KEY": "kJ8vQ2nLw9XzR4tYb7MfC1sDp6GhA3uEo5WiNxTqZrVlHcBy0S",
    "MASTER_KEY": bytes(range(180, 212)),
    "PUBLIC_SCHEME": "https",
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "CSRF_TRUSTED_ORIGINS": [],
    "STAFF_HOST": "staff.payments.test",
    "REDIS_URL": "rediss://:password@redis.internal:6379/0",
    "LOOPBACK_EXCEPTION": "",
    "SANDBOX_URL": "",
    "POSTING_WAITS": 1.0,
    "SECOND_FACTOR_REQUIRED": True,
}


def test_a_safe_production_has_nothing_to_name():
    assert production.unsafe(SimpleNamespace(**SAFE)) == []


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("DEBUG", True, "DEBUG"),
        ("SECRET_KEY", "test-only-" * 6, "SECRET_KEY"),
        ("SECRET_KEY", "a" * 60, "SECRET_KEY"),
        ("SECRET_KEY", "django-insecure-kJ8vQ2nLw9XzR4tYb7MfC1sDp6GhA3uEo5WiNxTq", "SECRET_KEY"),
        ("MASTER_KEY", bytes(32), "PAYYMO_MASTER_KEY"),
        ("MASTER_KEY", b"test-only-test-only-test-only-te", "PAYYMO_MASTER_KEY"),
        ("PUBLIC_SCHEME", "http", "https"),
        ("SESSION_COOKIE_SECURE", False, "Cookies"),
        ("CSRF_TRUSTED_ORIGINS", ["http://acme.payments.test"], "CSRF_TRUSTED_ORIGINS"),
        ("STAFF_HOST", "admin.localhost", "PAYYMO_STAFF_HOST"),
        ("REDIS_URL", "redis://redis.internal:6379/0", "REDIS_URL"),
        ("LOOPBACK_EXCEPTION", "127.0.0.1:8001", "PAYYMO_LOOPBACK_EXCEPTION"),
        ("SANDBOX_URL", "http://127.0.0.1:8001", "PAYYMO_SANDBOX_URL"),
        ("SECOND_FACTOR_REQUIRED", False, "PAYYMO_SECOND_FACTOR_REQUIRED"),
        ("POSTING_WAITS", 0.25, "PAYYMO_POSTING_WAITS"),
    ],
)
def test_each_unsafe_setting_is_named_in_production_and_no_secret_with_it(name, value, named):
    [problem] = production.unsafe(SimpleNamespace(**{**SAFE, name: value}))

    assert named in problem
    assert str(SAFE["SECRET_KEY"]) not in problem
    assert production.unsafe(SimpleNamespace(**{**SAFE, name: value, "PRODUCTION": False})) == []


def test_no_model_has_its_table_in_both_kinds_of_schema(settings):
    assert checks.no_table_in_both() == []

    settings.SHARED_APPS = [*settings.SHARED_APPS, "whmcs"]
    found = checks.no_table_in_both()

    assert {error.id for error in found} == {"payymo.E001"}
    assert any("whmcs_posting" in error.msg for error in found)


@pytest.mark.parametrize("where", ["shared", "tenant"])
def test_a_table_planted_in_the_other_schema_stops_the_start(acme, where):
    assert startup.clashes() == []
    planted = "public.whmcs_posting" if where == "shared" else f'"{acme.schema_name}".accounts_user'
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {planted} (id int)")

    with pytest.raises(ImproperlyConfigured, match=planted.partition(".")[2].strip('"')):
        startup.refuse_unsafe_start()


def test_in_production_a_role_that_owns_the_tables_is_refused(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        [problem] = startup.role_problems()

    assert "owns tables" in problem
    assert "PAYYMO_OWNER_DATABASE_URL" in problem


def test_in_production_a_broker_that_evicts_is_refused_and_one_that_is_away_is_not(settings):
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        assert startup.broker_problems() == []
        broker.config_set("maxmemory-policy", "allkeys-lru")
        try:
            [problem] = startup.broker_problems()
        finally:
            broker.config_set("maxmemory-policy", "noeviction")

    assert "allkeys-lru" in problem
    assert settings.REDIS_URL not in problem
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert startup.broker_problems() == []
