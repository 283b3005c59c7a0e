"""What the libraries do out of the box, against the rule each breaks, and that ours does not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from celery import Celery, current_app
from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import caches
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone
from guardian.models import UserObjectPermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from accounts import permissions
from accounts.services.attempts import Rule, TooManyAttempts, count_use
from banking.models import BankAccount
from tenants import context
from tenants.job_models import ParkedJob
from tests.factories import rows
from tests.tenants.test_tasks import where_am_i

CALLERS, LIMIT = 12, 3


class _AllReadFirst:
    """A cache between whose answers and the next write nothing happens: what a busy moment looks like."""

    def __init__(self, together):
        self._cache, self._together = caches["default"], together

    def get(self, key, default=None):
        found = self._cache.get(key, default)
        self._together.wait(120)
        return found

    def set(self, *arguments):
        self._cache.set(*arguments)


class _StockThrottle(SimpleRateThrottle):
    rate, scope = f"{LIMIT}/min", "probe"

    def get_cache_key(self, request, view):
        return "stock-throttle-probe"


def passed_at_once(call):
    """Make all calls start together and count those that were let through."""

    def go(_):
        try:
            return bool(call())
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLERS) as pool:
        return sum(pool.map(go, range(CALLERS)))


def test_a_stock_throttle_lets_everybody_through_who_comes_at_once():
    caches["default"].delete("stock-throttle-probe")
    together = threading.Barrier(CALLERS)

    def call():
        throttle = _StockThrottle()
        throttle.cache = _AllReadFirst(together)
        return throttle.allow_request(Request(RequestFactory().get("/")), None)

    assert passed_at_once(call) == CALLERS > LIMIT


def test_our_counter_lets_through_exactly_as_many_as_allowed(committed_acme):
    rule, now = Rule("probe", allowed=LIMIT, window=timedelta(minutes=1)), timezone.now()
    together = threading.Barrier(CALLERS)

    def call():
        together.wait(120)
        try:
            count_use(rule, value="somebody", tenant=committed_acme, now=now)
        except TooManyAttempts:
            return False
        return True

    assert passed_at_once(call) == LIMIT


@pytest.fixture
def stock_task():
    """A task of tenant-schemas-celery; importing it listens to every task, which is taken back afterwards."""
    from tenant_schemas_celery import app as stock

    made = stock.CeleryApp("stock", set_as_current=False)
    task_prerun.connect(stock.switch_schema, dispatch_uid="tenant_schemas_switch_schema")
    task_postrun.connect(stock.restore_schema, dispatch_uid="tenant_schemas_restore_schema")

    @made.task(name="stock.where")
    def where():
        return connection.schema_name

    yield where
    task_prerun.disconnect(stock.switch_schema, dispatch_uid="tenant_schemas_switch_schema")
    task_postrun.disconnect(stock.restore_schema, dispatch_uid="tenant_schemas_restore_schema")


def test_a_stock_tenant_task_of_an_unknown_tenant_runs_in_the_shared_schema(db, stock_task, caplog):
    for headers in ({"_schema_name": "t_unknown"}, {"_schema_name": ""}):
        assert stock_task.apply(headers=headers).get() == "public"


def test_a_stock_tenant_task_of_a_suspended_tenant_runs_as_if_nothing_were(acme, stock_task):
    type(acme).objects.filter(pk=acme.pk).update(state="suspended")

    assert stock_task.apply(headers={"_schema_name": acme.schema_name}).get() == acme.schema_name


def test_our_task_of_an_unknown_or_suspended_tenant_is_parked_and_does_not_run(acme):
    type(acme).objects.filter(pk=acme.pk).update(state="suspended")

    for named in ("6f2a6a0e-6a5c-4c43-b5a0-6a5a5a5a5a5a", str(acme.public_id)):
        with pytest.raises(context.TenantUnavailable):
            where_am_i(tenant_id=named)

    reasons = ParkedJob.objects.order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == ["unknown_tenant", "inactive_tenant"]


def test_our_tasks_listen_to_no_signal_for_their_tenant():
    listening = [receiver for signal in (task_prerun, task_postrun) for receiver in signal.receivers]

    assert not [each for each in listening if "tenant_schemas" in str(each)]
    assert isinstance(current_app._get_current_object(), Celery)


@pytest.fixture
def own_content_types(committed_acme, committed_globex):
    """What the schemas would look like with content types in each of them."""
    numbers = {committed_acme: 7001, committed_globex: 7002}
    with connection.cursor() as cursor:
        for tenant, number in numbers.items():
            table = f'"{tenant.schema_name}".django_content_type'
            cursor.execute(f"CREATE TABLE {table} (LIKE public.django_content_type INCLUDING ALL)")
            cursor.execute(
                f"INSERT INTO {table} (id, app_label, model) OVERRIDING SYSTEM VALUE "
                f"VALUES ({number}, 'banking', 'bankaccount')"
            )
    yield committed_acme, committed_globex
    with connection.cursor() as cursor:
        for tenant in numbers:
            cursor.execute(f'DROP TABLE "{tenant.schema_name}".django_content_type')
    ContentType.objects.clear_cache()


def test_content_types_in_each_schema_would_be_mixed_up_between_threads(own_content_types):
    """The cache knows no schema and is shared by all threads: one tenant's number is answered to another."""
    acme, globex = own_content_types
    asked, answered = threading.Event(), threading.Event()

    def in_another_thread():
        try:
            with context.inside(acme):
                found = ContentType.objects.get_for_model(BankAccount).pk
                asked.set()
                answered.wait(120)
                return found
        finally:
            connection.close()

    with context.inside(globex), ThreadPoolExecutor(1) as pool:
        other = pool.submit(in_another_thread)
        assert asked.wait(120)
        ours = ContentType.objects.get_for_model(BankAccount).pk
        answered.set()
        theirs = other.result(120)
        real = ContentType.objects.filter(app_label="banking", model="bankaccount").values_list("pk", flat=True)

        assert (theirs, ours, list(real)) == (7001, 7001, [7002])


def test_ours_are_in_the_shared_schema_alone_and_a_grant_means_one_model_everywhere(acme, globex, reviewer):
    assert "django.contrib.contenttypes" in settings.SHARED_APPS
    assert "django.contrib.contenttypes" not in settings.TENANT_APPS
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'django_content_type'")
        assert cursor.fetchall() == [("public",)]
    kinds = set()
    for tenant in (acme, globex):
        with context.inside(tenant):
            permissions.replace_grants(reviewer, [rows.account()])
            kinds |= set(UserObjectPermission.objects.values_list("content_type__app_label", "content_type__model"))

    assert kinds == {("banking", "bankaccount")}
