"""Lets Stripe's library call out through Payymo's own client, with its limits, its breaker and no redirects."""

from collections.abc import Mapping
from typing import Any

import stripe

from payymo.shared import http

READ_SECONDS = 10.0


class StripeHttp(stripe.HTTPClient):
    """Implements the library's HTTP client.

    Payymo only reads Stripe, and the one POST of the permission check names an object that cannot exist: everything may
    be repeated. The library's own repeating is off.
    """

    name = "payymo"

    def __init__(self, *, breaker: http.Breaker | None, may_repeat: bool) -> None:
        super().__init__()
        self._breaker, self._may_repeat = breaker, may_repeat

    def request(  # type: ignore[override]
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[str, int, Mapping[str, str]]:
        """Call Stripe.

        Raises: stripe.APIConnectionError.
        """
        body = {} if post_data is None else {"data": post_data}
        try:
            answer = http.send(
                method,
                url,
                headers=headers,
                read_seconds=READ_SECONDS,
                breaker=self._breaker,
                may_repeat=self._may_repeat,
                **body,
            )
        except (http.NotReached, http.AnswerLost) as error:
            raise stripe.APIConnectionError(str(error), should_retry=False) from error  # type: ignore[no-untyped-call]
        return answer.body.decode("utf-8", "replace"), answer.status, answer.headers

    def close(self) -> None:
        """Nothing stays open between two calls."""
