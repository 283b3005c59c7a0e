"""The banks of a country that a provider reaches, to choose from; asked for once a day."""

import logging
from collections.abc import Sequence

from django.core.cache import cache
from django.utils.translation import gettext
from redis.exceptions import RedisError

from banking.clients.base import BankProvider, Institution
from payymo.shared.errors import BadInput

logger = logging.getLogger(__name__)
_INSTITUTIONS_SECONDS = 86_400


class UnknownCountry(BadInput):
    """The country is not a two-letter code."""

    code = "unknown_country"


def list_institutions(*, country: str, provider: BankProvider, text: str = "") -> Sequence[Institution]:
    """Return the banks of a country whose name or BIC holds the text; the provider is asked once a day.

    Raises: UnknownCountry; Refused, Retryable.
    """
    code = country.strip().upper()
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        raise UnknownCountry(gettext("Give the country as two letters, such as DE."))
    wanted = text.strip().casefold()
    listed = _listed(code, provider)
    return tuple(one for one in listed if wanted in one.name.casefold() or wanted in one.bic.casefold())


def _listed(code: str, provider: BankProvider) -> tuple[Institution, ...]:
    name = f"institutions:{provider.key}:{code}"
    try:
        if (kept := cache.get(name)) is not None:
            return tuple(kept)
    except RedisError:
        logger.warning("cache is not reachable", extra={"event": "cache_unreachable"})
    found = tuple(provider.list_institutions(country=code))
    try:
        cache.set(name, found, _INSTITUTIONS_SECONDS)
    except RedisError:
        logger.warning("cache is not reachable", extra={"event": "cache_unreachable"})
    return found
