"""The one way out: every call to a provider goes through `send`.

Connect 3 s, read 10 s unless told longer, whole call 30 s, answers up to 10 MiB, no redirects, TLS 1.2 or newer and
verified. An address that a customer typed is resolved once, refused unless every address behind it is public, and the
call goes to exactly the checked address. Source: docs/adr/0023-one-client-calls-out.md; OWASP SSRF prevention.
"""

import email.utils
import json
import random
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings
from django.utils.translation import gettext_noop
from requests.adapters import HTTPAdapter

from payymo.shared.addresses import AddressRefused, NameUnknown, check_customer_url

__all__ = ["AddressRefused", "Answer", "AnswerLost", "Breaker", "BreakerOpen", "NotReached", "send"]

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
WHOLE_CALL_SECONDS = 30.0
LARGEST_ANSWER = 10 * 1024 * 1024
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
LONGEST_RETRY_AFTER = 86_400.0
_BUSY = frozenset({429, 502, 503, 504})


class NotReached(Exception):
    """No connection: nothing was sent."""


class BreakerOpen(NotReached):
    """Nothing was sent because too many calls before this one failed; `retry_after` in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(gettext_noop("it did not answer lately and is left alone for a minute"))
        self.retry_after = retry_after


class AnswerLost(Exception):
    """The request may have arrived, but no usable answer came back."""


class Breaker(Protocol):
    """Knows how the calls before this one went, in every process."""

    def enter(self) -> None:
        """Let the call pass.

        Raises: BreakerOpen.
        """

    def passed(self) -> None:
        """Take note that an answer came."""

    def failed(self) -> None:
        """Take note that none came, or one that only a broken server gives."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever the status."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def json(self) -> Any:
        """Read the body as JSON.

        Raises: ValueError for anything else, such as an HTML page of a proxy.
        """
        return json.loads(self.body)

    def retry_after(self) -> float | None:
        """Return for how many seconds the server wants to be left alone, a day at most; None when it does not say."""
        written = str(self.headers.get("Retry-After", "")).strip()
        if written.isascii() and written.isdigit():
            seconds = float(written[:9])
        else:
            try:
                moment = email.utils.parsedate_to_datetime(written)
            except ValueError:
                return None
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            seconds = max(0.0, (moment - datetime.now(UTC)).total_seconds())
        return min(seconds, LONGEST_RETRY_AFTER)


class _TimedSocket(ssl.SSLSocket):
    """Ends the call at its deadline, however slowly the server goes on answering."""

    deadline = float("inf")

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the whole call took too long")
        self.settimeout(min(self.gettimeout() or left, left))
        return super().recv_into(*args, **kwargs)


class _Adapter(HTTPAdapter):
    """Speaks TLS 1.2 or newer, until a deadline; for one host name although the URL may hold its checked address."""

    def __init__(self, deadline: float, pinned_host: str = "") -> None:
        self._deadline, self._host = deadline, pinned_host
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = type("_Timed", (_TimedSocket,), {"deadline": self._deadline})
        if self._host:
            # Checked in the handshake by the context itself: a wrong name fails before anything is sent, and says so.
            kwargs["server_hostname"] = self._host
        super().init_poolmanager(*args, ssl_context=context, **kwargs)


def _read(response: requests.Response, deadline: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise AnswerLost(gettext_noop("the answer is larger than 10 MiB"))
        if time.monotonic() > deadline:
            raise AnswerLost(gettext_noop("the answer took longer than 30 s"))
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
    breaker: Breaker | None = None,
    may_repeat: bool = False,
    pause: Callable[[float], None] = time.sleep,
    **body: Any,
) -> Answer:
    """Call a provider; `body` is `params`, `data` or `json` as requests takes them.

    Shape: `may_repeat` is for calls that change nothing; they are tried up to five times, after a random pause of up to
    1, 2, 4 and 8 s, or the one that the server asks for, as long as all of it fits into the 30 s of the whole call.
    Raises: AddressRefused, NotReached (nothing was sent), AnswerLost (it may have been received).
    """
    deadline = time.monotonic() + WHOLE_CALL_SECONDS
    if breaker is not None:
        breaker.enter()
    tried = 0
    while True:
        tried += 1
        answer, error = None, None
        try:
            answer = _send_once(method, url, customer_url, read_seconds, headers, deadline, body)
        except (NotReached, AnswerLost) as failure:
            error = failure
        if answer is not None and answer.status not in _BUSY:
            break
        wait = _pause_before(tried, answer)
        if not may_repeat or tried >= settings.READ_TRIES or time.monotonic() + wait >= deadline:
            break
        pause(wait)
    if breaker is not None:
        # Any answer below 500 is one of a living server; "too many requests" too.
        note = breaker.passed if answer is not None and answer.status < 500 else breaker.failed
        note()
    if answer is None:
        assert error is not None  # noqa: S101 - one of the two is set
        raise error
    return answer


def _pause_before(tried: int, answer: Answer | None) -> float:
    asked = answer.retry_after() if answer is not None else None
    # The whole range, not a part of it: callers that failed together must not come back together.
    jitter = random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tried - 1)))  # noqa: S311 - no secret  # nosec B311
    return max(asked or 0.0, jitter)


def _send_once(
    method: str,
    url: str,
    customer_url: bool,
    read_seconds: float,
    headers: Mapping[str, str] | None,
    deadline: float,
    body: Mapping[str, Any],
) -> Answer:
    sent_headers = {"User-Agent": "Payymo/1", "Accept": "application/json", **(headers or {})}
    pinned_host = ""
    if customer_url:
        try:
            host, port, address = check_customer_url(url)
        except NameUnknown as error:
            raise NotReached(gettext_noop("its name does not resolve")) from error
        parts = urlsplit(url)
        if address != host:
            pinned_host = host
            sent_headers["Host"] = parts.netloc
            netloc = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
            url = urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", _Adapter(deadline, pinned_host))
        try:
            response = session.request(
                method,
                url,
                headers=sent_headers,
                timeout=(CONNECT_SECONDS, min(read_seconds, max(0.1, deadline - time.monotonic()))),
                allow_redirects=False,
                stream=True,
                **body,
            )
            return Answer(response.status_code, _read(response, deadline), response.headers)
        except requests.ConnectTimeout as error:
            raise NotReached(gettext_noop("no connection")) from error
        except requests.exceptions.SSLError as error:
            # TLS breaks in the handshake as well as behind the request; only an untrusted certificate proves which.
            if _is_untrusted(error):
                raise NotReached(gettext_noop("the certificate is not trusted")) from error
            raise AnswerLost(gettext_noop("the secure connection broke")) from error
        except requests.ConnectionError as error:
            # urllib3 reports "refused" and "cut off" alike; only a refused connection proves that nothing was sent.
            if "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error):
                raise NotReached(gettext_noop("no connection")) from error
            raise AnswerLost(gettext_noop("the connection was cut")) from error
        except requests.RequestException as error:
            raise AnswerLost(gettext_noop("no complete answer")) from error
