from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils import timezone

from tenants.models import Tenant


def test_each_host_is_its_own_tenant_and_the_connection_goes_back(acme):
    answer = Client().get("/health/live", headers={"host": "acme.localhost:8000"})

    assert answer.status_code == 200
    assert connection.schema_name == "public"


@pytest.mark.parametrize("host", ["unknown.localhost", "acme.localhost.evil.example", "127.0.0.1", "ACME.localhost@x"])
def test_an_unknown_host_is_404(acme, host):
    assert Client().get("/", headers={"host": host}).status_code == 404


def test_a_forwarded_host_chooses_nothing(acme):
    answer = Client().get("/", headers={"host": "unknown.localhost", "x-forwarded-host": "acme.localhost"})

    assert answer.status_code == 404


def test_a_suspended_tenant_is_not_served(acme):
    Tenant.objects.filter(pk=acme.pk).update(state=Tenant.State.SUSPENDED)

    assert Client().get("/", headers={"host": "acme.localhost"}).status_code == 503


def test_a_tenant_without_support_access_is_404_on_the_staff_host(acme):
    assert Client().get("/admin/t/acme/", headers={"host": "admin.localhost"}).status_code == 404


def test_the_console_leaves_no_address_of_a_tenant_behind(acme):
    Tenant.objects.filter(pk=acme.pk).update(support_access_until=timezone.now() + timedelta(hours=1))
    assert Client().get("/admin/t/acme/", headers={"host": "admin.localhost"}).status_code == 302

    assert (get_script_prefix(), get_urlconf()) == ("/", None)
    assert reverse("dashboard:review") == "/review/"
