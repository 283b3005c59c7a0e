"""Which addresses a customer may name: public hosts over https, each looked up once before it is connected to."""

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop

from payymo.shared.sentences import Sentence, Value

_CUSTOMER_PORTS = {443, 8443}
# Python calls these global, and each leads somewhere else: to an IPv4 address that is written inside, to the network's
# own sites, or nowhere. Source: the IANA special-purpose registries; RFC 3879, 4291, 6052, 7526, 8215, 9602, 9637.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10", "3fff::/20",
        "5f00::/16", "192.0.0.0/24", "192.88.99.0/24",
    )
)  # fmt: skip


class AddressRefused(Exception):
    """The address may not be called: not https, an odd port, or not a public host."""

    def __init__(self, text: str, **values: Value) -> None:
        self.sentence = Sentence(text, values)
        super().__init__(self.sentence.in_english())


class NameUnknown(Exception):
    """The name does not resolve."""

    def __init__(self, host: str) -> None:
        self.sentence = Sentence(gettext_noop("The name %(host)s does not resolve."), {"host": host[:100]})
        super().__init__(self.sentence.in_english())


def is_public(text: str) -> bool:
    """Return whether the address is one of the public internet, and not a way round to another."""
    address = ipaddress.ip_address(text)
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)


def check_customer_url(url: str) -> tuple[str, int, str]:
    """Resolve the host of a customer's URL once and return host, port and the one address to connect to.

    Raises: AddressRefused with a sentence for the customer; NameUnknown.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise AddressRefused(gettext_noop("The port in the address is not a number.")) from error
    if settings.LOOPBACK_EXCEPTION and f"{host}:{port}" == settings.LOOPBACK_EXCEPTION:
        return host, port, host
    if parts.scheme != "https":
        raise AddressRefused(gettext_noop("The address must begin with https://."))
    if parts.username or parts.password:
        raise AddressRefused(gettext_noop("The address must not contain a user name or password."))
    if port not in _CUSTOMER_PORTS:
        raise AddressRefused(gettext_noop("Only the ports 443 and 8443 are called."))
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)}
    except (OSError, UnicodeError) as error:
        raise NameUnknown(host) from error
    # One private address among public ones is enough to refuse: which one is used is not ours to leave to chance.
    if not found or not all(is_public(text) for text in found):
        raise AddressRefused(gettext_noop("%(host)s is not on the public internet."), host=host)
    return host, port, sorted(found)[0]
