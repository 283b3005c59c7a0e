import pytest
from django.core.management import get_commands
from django.db import connection

from accounts.models import User
from tenants import context, sealing
from tenants.models import Domain, Tenant, TenantKey
from tenants.services import provisioning


def test_the_two_tenants_have_schemas_that_nobody_chose(acme, globex):
    assert acme.schema_name != globex.schema_name
    assert acme.schema_name.startswith("t_")
    assert len(acme.schema_name) == 34


def _tables(schema: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        return {name for (name,) in cursor.fetchall()}


def test_no_table_name_is_in_both_schemas(acme):
    shared, own = _tables("public"), _tables(acme.schema_name)

    assert "banking_banktransaction" in own
    assert "accounts_user" in shared
    assert shared & own == {"django_migrations"}


@pytest.mark.parametrize("slug", ["Acme", "a", "1abc", "public;drop", "a" * 60])
def test_an_unusable_slug_is_refused_and_nothing_is_written(db, slug):
    before = Tenant.objects.count()

    with pytest.raises(provisioning.UnusableName):
        provisioning.create_tenant(slug=slug, name="X", domain="x.example")

    assert Tenant.objects.count() == before


def test_a_host_that_is_taken_is_refused_and_nothing_is_written(acme):
    before = Tenant.objects.count(), Domain.objects.count(), TenantKey.objects.count()

    with pytest.raises(provisioning.TenantExists):
        provisioning.create_tenant(slug="other", name="Other", domain="acme.localhost")

    assert (Tenant.objects.count(), Domain.objects.count(), TenantKey.objects.count()) == before


def test_a_suspended_tenant_cannot_be_entered(acme):
    Tenant.objects.filter(pk=acme.pk).update(state=Tenant.State.SUSPENDED)

    with pytest.raises(context.TenantUnavailable), context.inside_id(acme.public_id):
        pass

    assert connection.schema_name == "public"


@pytest.mark.parametrize("unknown", ["", "nonsense", "6f2a6a0e-6a5c-4c43-b5a0-6a5a5a5a5a5a"])
def test_an_unknown_tenant_never_falls_back_to_the_shared_schema(db, unknown):
    with pytest.raises(context.TenantUnavailable), context.inside_id(unknown):
        pass

    assert connection.schema_name == "public"


def test_the_schema_returns_to_where_it_was(acme, globex):
    with context.inside(acme):
        with context.inside(globex):
            assert connection.schema_name == globex.schema_name
        assert connection.schema_name == acme.schema_name
    assert connection.schema_name == "public"


def test_a_sealed_value_opens_only_in_its_row_column_and_tenant(acme, globex):
    from banking.models import ProviderKey
    from payymo.shared.crypto import UnreadableSecret

    with context.inside(acme):
        row = ProviderKey(provider="gocardless_bad")
        row.secret_id_sealed = sealing.seal(row, "secret_id_sealed", "s3cret")
        assert sealing.unseal(row, "secret_id_sealed") == "s3cret"

        row.secret_key_sealed = row.secret_id_sealed
        with pytest.raises(UnreadableSecret):
            sealing.unseal(row, "secret_key_sealed")

        other = ProviderKey(provider="gocardless_bad", secret_id_sealed=row.secret_id_sealed)
        with pytest.raises(UnreadableSecret):
            sealing.unseal(other, "secret_id_sealed")

    with context.inside(globex), pytest.raises(UnreadableSecret):
        sealing.unseal(row, "secret_id_sealed")


def test_look_up_hashes_of_two_tenants_differ(acme, globex):
    with context.inside(acme):
        at_acme = sealing.look_up_hash("DE89370400440532013000", purpose="iban")
    with context.inside(globex):
        at_globex = sealing.look_up_hash("DE89370400440532013000", purpose="iban")

    assert at_acme != at_globex


def test_users_live_in_the_shared_schema_only(in_acme, owner):
    assert User.objects.filter(pk=owner.pk).exists()


@pytest.mark.parametrize("command", ["create_tenant", "delete_tenant"])
def test_the_commands_are_ours_and_not_the_librarys_of_the_same_name(command):
    assert get_commands()[command] in ("accounts", "payymo.operations")
