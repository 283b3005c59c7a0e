"""Booking through the addon module where it is paired; everything else goes over the API of WHMCS.

The module keeps the transaction id in the same database transaction as the booking and repeats its first answer, so
that even two sends of one payment book once. Source: docs/adr/0040-the-module-books-under-a-unique-key.md
"""

import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop as _

from payymo.shared import http
from payymo.shared.errors import Refused, Retryable, Unknown
from payymo.shared.sentences import Sentence
from whmcs.clients import refusals
from whmcs.clients.whmcs_api import WhmcsHttpApi, json_object, payment_fields

DOOR = "modules/addons/payymo/post.php"
UNUSABLE = "module_unusable"
Sign = Callable[[str, bytes], Mapping[str, str]]
# Of the module itself: it was heard, and says that nothing was booked.
_SHUT = frozenset({"off", "bad_signature", "unreadable"})
# Of a web server that lets nobody call the module's file.
_CLOSED = frozenset({401, 403, 404, 405})


class ModuleApi(WhmcsHttpApi):
    """Speaks to an installation whose addon module books. `sign` returns the headers for a message id and a body."""

    def __init__(
        self, *, base_url: str, installation: str, sign: Sign, on_unusable: Callable[[str], None], **api: Any
    ) -> None:
        super().__init__(base_url=base_url, **api)
        self._door = f"{base_url.rstrip('/')}/{DOOR}"
        self._installation, self._sign, self._on_unusable = installation, sign, on_unusable
        self._is_shut = False

    def add_invoice_payment(
        self,
        *,
        invoice_whmcs_id: int,
        amount: Decimal,
        transaction_id: str,
        gateway: str,
        paid_at: datetime,
        fees: Decimal,
        sends_email: bool,
    ) -> None:
        """Book a payment through the module; once it was found shut, over the API.

        Raises: as WhmcsHttpApi; Retryable also when the module is shut, so that the next try looks up first again.
        """
        payment = payment_fields(
            invoice_whmcs_id=invoice_whmcs_id,
            amount=amount,
            transaction_id=transaction_id,
            gateway=gateway,
            paid_at=paid_at,
            fees=fees,
            sends_email=sends_email,
        )
        if self._is_shut:
            self._write("AddInvoicePayment", **payment)
        else:
            self._book(payment)

    def _book(self, payment: Mapping[str, str]) -> None:
        told = {"action": "book", "installation": self._installation, "payment": payment}
        body = json.dumps(told, separators=(",", ":")).encode()
        answer = self._knock(body)
        said = json_object(answer) or {}
        is_the_modules = said.get("payymo") == 1
        if is_the_modules and said.get("result") == "success" and answer.status == 200:
            return
        if is_the_modules and answer.status == 422:
            raise refusals.refusal("AddInvoicePayment", 422, str(said.get("message") or ""))
        if is_the_modules and said.get("code") == "key_reused":
            raise Refused(_("WHMCS holds another payment under this transaction id."), reason=refusals.REFUSED)
        why = str(said.get("code") or f"status {answer.status}")
        if (is_the_modules and why in _SHUT) or (not is_the_modules and answer.status in _CLOSED):
            self._is_shut = True
            self._on_unusable(why)
            raise Retryable(
                _("The addon module does not book: %(why)s. The API is used instead."), why=why, reason=UNUSABLE
            )
        raise Unknown(_("The addon module did not say whether the payment was booked."), reason="unreadable_answer")

    def _knock(self, body: bytes) -> http.Answer:
        headers = {"Content-Type": "application/json", **self._sign(secrets.token_hex(16), body)}
        try:
            return http.send(
                "POST",
                self._door,
                customer_url=True,
                read_seconds=self._read_seconds,
                breaker=self._breaker,
                headers=headers,
                data=body,
            )
        except http.AddressRefused as error:
            raise Refused(error.sentence, reason=refusals.ADDRESS_REFUSED) from error
        except http.NotReached as error:
            raise Retryable(
                _("WHMCS could not be reached: %(why)s."), why=Sentence(str(error)), reason="unreachable"
            ) from error
        except http.AnswerLost as error:
            raise Unknown(
                _("The addon module did not answer: %(why)s."), why=Sentence(str(error)), reason="no_answer"
            ) from error
