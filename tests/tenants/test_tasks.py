import pytest
from celery import shared_task
from django.db import connection

from tenants import context
from tenants.tasks import TenantTask


@shared_task(base=TenantTask)
def where_am_i() -> str:
    return connection.schema_name


def test_a_task_runs_in_the_schema_of_its_tenant(acme):
    assert where_am_i(tenant_id=str(acme.public_id)) == acme.schema_name
    assert connection.schema_name == "public"


@pytest.mark.parametrize("tenant_id", [None, "", "6f2a6a0e-6a5c-4c43-b5a0-6a5a5a5a5a5a"])
def test_a_task_without_a_known_tenant_does_not_run(db, tenant_id):
    with pytest.raises(context.TenantUnavailable):
        where_am_i(tenant_id=tenant_id)
