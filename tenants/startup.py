"""What web and workers make sure of before they serve anything: the database is laid out as the code believes."""

import logging

import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from payymo.shared import production
from tenants import context
from tenants.models import TEMPLATE_SCHEMA, Tenant

logger = logging.getLogger(__name__)
_IN_EVERY_SCHEMA = ["django_migrations"]
_CLASHES = """
SELECT DISTINCT own.tablename FROM pg_tables own JOIN pg_tables shared USING (tablename)
WHERE shared.schemaname = 'public' AND own.schemaname = ANY(%s) AND tablename <> ALL(%s) ORDER BY 1 LIMIT 20
"""
_ROLE = """
SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication,
    EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid AND relkind = 'r'),
    has_schema_privilege('public', 'CREATE') OR has_database_privilege(current_database(), 'CREATE')
FROM pg_roles WHERE rolname = current_user
"""


def refuse_unsafe_start() -> None:
    """Pass if the process may serve.

    Raises: ImproperlyConfigured naming everything that is wrong. OperationalError without a database.
    """
    in_production = [*role_problems(), *broker_problems()] if settings.PRODUCTION else []
    problems = [*production.unsafe(settings), *clashes(), *in_production]
    connection.close()
    if problems:
        logger.error("refusing to start", extra={"event": "start_refused", "count": len(problems)})
        raise ImproperlyConfigured("Payymo does not start: " + " ".join(problems))


def clashes() -> list[str]:
    """Name the tables that are in the shared schema and in a tenant's, where the search path would fall through."""
    context.leave()
    schemas = [TEMPLATE_SCHEMA, *Tenant.objects.values_list("schema_name", flat=True)]
    with connection.cursor() as cursor:
        cursor.execute(_CLASHES, [schemas, _IN_EVERY_SCHEMA])
        return [f"The table {name} is in the shared schema and in a tenant's." for (name,) in cursor.fetchall()]


def broker_problems() -> list[str]:
    """Say what the broker does that would lose messages; one that does not answer now is for the health page to tell.

    Without an append-only file a restart of the broker forgets what waits. The rows are the queue, and the schedule
    asks for them again: that is a line in the log and no reason to stay down.
    """
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
    try:
        found = client.info()
    except redis.RedisError:
        return []
    finally:
        client.close()
    if not found.get("aof_enabled"):
        logger.warning("the broker keeps no append-only file", extra={"event": "broker_forgets"})
    policy = found.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        return [f"The broker of REDIS_URL evicts ({policy}); set its maxmemory-policy to noeviction."]
    return []


def role_problems() -> list[str]:
    """Say what the database role may do that web and workers must not."""
    with connection.cursor() as cursor:
        cursor.execute(_ROLE)
        name, is_mighty, owns_tables, can_create = cursor.fetchone()
    problems = []
    if is_mighty:
        problems.append(f"The database role {name} is a superuser or may make roles.")
    if owns_tables or can_create:
        problems.append(
            f"The database role {name} owns tables or may create them. Name the owner in PAYYMO_OWNER_DATABASE_URL and "
            "a restricted role in DATABASE_URL; `manage.py grant_roles` gives it what it needs."
        )
    return problems
