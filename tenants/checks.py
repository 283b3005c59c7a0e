"""What Django's own checks say of Payymo: no table name in both kinds of schema, nothing unsafe in production."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from payymo.shared import production


def table_names(app_names: Iterable[str]) -> set[str]:
    """Return the tables of these apps' models, those between two models included."""
    chosen = set(app_names)
    configs = [config for config in apps.get_app_configs() if config.name in chosen]
    return {
        model._meta.db_table
        for config in configs
        for model in config.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }


@register(Tags.models)
def no_table_in_both(**_: Any) -> list[CheckMessage]:
    """Compare the tables of shared and tenants' apps: the search path would fall through from one to the other."""
    both = table_names(settings.SHARED_APPS) & table_names(settings.TENANT_APPS)
    hint = "Rename it, or move the app out of SHARED_APPS or TENANT_APPS."
    return [
        Error(f"The table {name} is in the shared schema and in each tenant's.", hint, id="payymo.E001")
        for name in sorted(both)
    ]


@register(Tags.security)
def nothing_unsafe(**_: Any) -> list[CheckMessage]:
    """Refuse what production must not start with."""
    return [Error(text, id="payymo.E002") for text in production.unsafe(settings)]
