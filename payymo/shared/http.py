"""The one way out: every call to a provider goes through `send`.

Connect 3 s, read 10 s unless told longer, whole call 30 s, answers up to 10 MiB, no redirects, TLS verified.
An address that a customer typed is resolved once, refused unless every address behind it is globally routable, and the
call goes to exactly the checked address. Source: docs/adr on outgoing HTTP; OWASP SSRF prevention.
"""

import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
WHOLE_CALL_SECONDS = 30.0
LARGEST_ANSWER = 10 * 1024 * 1024
_CUSTOMER_PORTS = {443, 8443}


class AddressRefused(Exception):
    """The address may not be called: not https, an odd port, or not a public host."""


class NotReached(Exception):
    """No connection: nothing was sent."""


class AnswerLost(Exception):
    """The request may have arrived, but no usable answer came back."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever the status."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(repr=False)

    def json(self) -> Any:
        """Read the body as JSON.

        Raises: ValueError for anything else, such as an HTML page of a proxy.
        """
        return json.loads(self.body)


class _PinnedAdapter(HTTPAdapter):
    """Speaks TLS for one host name although the URL holds its checked address."""

    def __init__(self, host: str) -> None:
        self._host = host
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, server_hostname=self._host, assert_hostname=self._host, **kwargs)


def check_customer_url(url: str) -> tuple[str, int, str]:
    """Resolve the host of a customer's URL once and return host, port and the one address to connect to.

    Raises: AddressRefused with a sentence for the customer; NotReached when the name does not resolve.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise AddressRefused("The port in the address is not a number.") from error
    if settings.LOOPBACK_EXCEPTION and f"{host}:{port}" == settings.LOOPBACK_EXCEPTION:
        return host, port, host
    if parts.scheme != "https":
        raise AddressRefused("The address must begin with https://.")
    if parts.username or parts.password:
        raise AddressRefused("The address must not contain a user name or password.")
    if port not in _CUSTOMER_PORTS:
        raise AddressRefused("Only the ports 443 and 8443 are called.")
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)}
    except OSError as error:
        raise NotReached(f"The name {host} does not resolve.") from error
    for text in found:
        address = ipaddress.ip_address(text)
        mapped = getattr(address, "ipv4_mapped", None)
        if mapped or not address.is_global or address.is_multicast:
            raise AddressRefused(f"{host} is not on the public internet.")
    return host, port, sorted(found)[0]


def _read(response: requests.Response, deadline: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise AnswerLost("the answer is larger than 10 MiB")
        if time.monotonic() > deadline:
            raise AnswerLost("the answer took longer than 30 s")
    return bytes(body)


def _is_untrusted(error: BaseException | None) -> bool:
    """Return whether the server's certificate was refused, which happens before anything is sent."""
    for _ in range(10):
        if error is None:
            return False
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def send(
    method: str,
    url: str,
    *,
    customer_url: bool = False,
    read_seconds: float = READ_SECONDS,
    headers: Mapping[str, str] | None = None,
    **body: Any,
) -> Answer:
    """Call a provider; `body` is `params`, `data` or `json` as requests takes them.

    Raises: AddressRefused, NotReached (nothing was sent), AnswerLost (it may have been received).
    """
    deadline = time.monotonic() + WHOLE_CALL_SECONDS
    sent_headers = {"User-Agent": "Payymo/1", "Accept": "application/json", **(headers or {})}
    with requests.Session() as session:
        session.trust_env = False
        if customer_url:
            host, port, address = check_customer_url(url)
            parts = urlsplit(url)
            if address != host:
                session.mount("https://", _PinnedAdapter(host))
                sent_headers["Host"] = parts.netloc
                netloc = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
                url = urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))
        try:
            response = session.request(
                method,
                url,
                headers=sent_headers,
                timeout=(CONNECT_SECONDS, read_seconds),
                allow_redirects=False,
                stream=True,
                **body,
            )
            return Answer(response.status_code, _read(response, deadline), response.headers)
        except requests.ConnectTimeout as error:
            raise NotReached("no connection") from error
        except requests.exceptions.SSLError as error:
            # TLS breaks in the handshake as well as behind the request; only an untrusted certificate proves which.
            if _is_untrusted(error):
                raise NotReached("the certificate is not trusted") from error
            raise AnswerLost("the secure connection broke") from error
        except requests.ConnectionError as error:
            # urllib3 reports "refused" and "cut off" alike; only a refused connection proves that nothing was sent.
            if "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error):
                raise NotReached("no connection") from error
            raise AnswerLost("the connection was cut") from error
        except requests.RequestException as error:
            raise AnswerLost("no complete answer") from error
