"""The address that a request comes from, as the configured proxies report it."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

_UNKNOWN = "unknown"


def client_address(request: HttpRequest) -> str:
    """Return the caller's address; an IPv6 address by its /64, since one caller has all of those.

    Only the last `TRUSTED_PROXIES` entries of X-Forwarded-For were written by our own proxies; whatever stands before
    them was written by the caller and is not believed.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    proxies: int = settings.TRUSTED_PROXIES
    forwarded = [entry.strip() for entry in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if entry.strip()]
    if proxies and len(forwarded) >= proxies:
        return _network(forwarded[-proxies]) or _network(peer) or _UNKNOWN
    return _network(peer) or _UNKNOWN


def _network(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)
