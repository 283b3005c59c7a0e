"""Addresses that leave the house, in mails and consents: always the tenant's stored host, whatever a request says."""

from django.conf import settings

from tenants.models import Domain, Tenant


def origin_of(host: str) -> str:
    """Return scheme, host and, where it is not the usual one, port."""
    standard = {"https": 443, "http": 80}[settings.PUBLIC_SCHEME] == settings.PUBLIC_PORT
    return f"{settings.PUBLIC_SCHEME}://{host}{'' if standard else f':{settings.PUBLIC_PORT}'}"


def address_of(tenant: Tenant, path: str) -> str:
    """Return the whole address of a path at the tenant's primary host."""
    host = Domain.objects.filter(tenant=tenant, is_primary=True).values_list("domain", flat=True).get()
    return origin_of(host) + path
