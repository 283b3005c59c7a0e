"""Whether an installation answers everything that reading and posting need, and what it says of itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.utils.translation import gettext_noop

from payymo.shared.errors import DomainError, ProviderError, Refused
from payymo.shared.sentences import Sentence
from whmcs.clients import refusals
from whmcs.clients.base import Currency, PaymentMethod, WhmcsApi

Answer = TypeVar("Answer")
_NEVER_BOOKED = "PM-connection-test"
_QUARTER_HOUR = 900
_NOBODY = 2**31 - 1
_LACKING = (refusals.ACTION_NOT_ALLOWED, refusals.ACTION_UNKNOWN)
_NOT_ALLOWED = (refusals.ACTION_NOT_ALLOWED, refusals.ACCESS_REFUSED)


class ConnectionFailed(DomainError):
    """WHMCS did not answer a needed call; the message names the call and what to do."""

    def __init__(self, sentence: Sentence, code: str) -> None:
        super().__init__(str(sentence))
        self.sentence, self.code = sentence, code


@dataclass(frozen=True, slots=True)
class Found:
    """What the test sequence learned.

    Shape: `date_format` is as WHMCS names it, empty where it does not tell; `left_out` names actions that help, are not
    needed, and that the role does not allow.
    """

    version: str
    currencies: tuple[Currency, ...]
    payment_methods: tuple[PaymentMethod, ...]
    clock_offset_seconds: int
    date_format: str = ""
    left_out: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what is kept to be shown."""
        return {
            "currencies": [currency.code for currency in self.currencies],
            "payment_methods": [[method.module, method.display_name] for method in self.payment_methods],
            "date_format": self.date_format,
            "left_out": list(self.left_out),
        }


def run_tests(api: WhmcsApi, *, now: datetime) -> Found:
    """Call everything that reading and posting need, in the order in which failures are easiest to explain.

    Shape: writes cannot be tried without booking something; that the role allows `AddInvoicePayment` is not tested.
    Raises: ConnectionFailed naming the first call that fails, or all that the credential's role does not allow.
    """
    asked = _Asked()
    details = asked.first("WhmcsDetails", api.details)
    currencies = asked.also("GetCurrencies", api.currencies)
    methods = asked.also("GetPaymentMethods", api.payment_methods)
    asked.also("GetInvoices", lambda: api.invoices(start=0, count=1))
    asked.also("GetClients", lambda: api.clients(start=0, count=1))
    asked.also("GetTransactions", lambda: api.transactions(transaction_id=_NEVER_BOOKED))
    local = asked.also("GetAdminDetails", api.server_time)
    asked.check()
    if not currencies or not methods:
        raise ConnectionFailed(
            Sentence(gettext_noop("WHMCS has no currency or no active payment method.")), "unusable_installation"
        )
    return Found(
        version=details.version,
        currencies=currencies,
        payment_methods=methods,
        clock_offset_seconds=_offset(local, now),
        date_format=_date_format(api),
        left_out=_left_out(api),
    )


class _Asked:
    """The calls of one test. What the role does not allow is collected, so that it is put right in one go."""

    def __init__(self) -> None:
        self._missing: list[str] = []

    def first(self, action: str, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except ProviderError as error:
            raise _failed(action, error) from error

    def also(self, action: str, call: Callable[[], Answer]) -> Answer | None:
        """Call once the credential is known to be right: a refusal now is the role's.

        Raises: ConnectionFailed for anything but a missing right.
        """
        try:
            return call()
        except Refused as error:
            if error.reason not in _NOT_ALLOWED:
                raise _failed(action, error) from error
            self._missing.append(action)
        except ProviderError as error:
            raise _failed(action, error) from error
        return None

    def check(self) -> None:
        """Raises: ConnectionFailed naming what the role lacks."""
        if self._missing:
            text = gettext_noop(
                "The role of this API credential does not allow %(actions)s. In WHMCS open Manage API Credentials, "
                "API Roles, and allow it."
            )
            told = Sentence(text, {"actions": ", ".join(self._missing)})
            raise ConnectionFailed(told, refusals.ACTION_NOT_ALLOWED)


def _failed(action: str, error: ProviderError) -> ConnectionFailed:
    text = gettext_noop("The test call %(action)s failed. %(error)s")
    return ConnectionFailed(Sentence(text, {"action": action, "error": error.sentence}), error.reason or "failed")


def _date_format(api: WhmcsApi) -> str:
    """Return how WHMCS writes days; a role need not allow the question."""
    try:
        return api.setting("DateFormat")
    except ProviderError:
        return ""


def _left_out(api: WhmcsApi) -> tuple[str, ...]:
    """Return which of the actions that are read where they are allowed are not."""
    try:
        api.orders(start=0, count=1)
        orders: ProviderError | None = None
    except ProviderError as error:
        orders = error
    # No client has this number: the answer still tells whether the question may be asked.
    [credit] = api.credits_of((_NOBODY,))
    asked = (("GetOrders", orders), ("GetCredits", credit))
    return tuple(name for name, said in asked if isinstance(said, Refused) and said.reason in _LACKING)


def _offset(local: datetime | None, now: datetime) -> int:
    """Return the installation's time zone in seconds: whole quarters of an hour, the rest is a wrong clock."""
    if local is None:
        return 0
    difference = (local - now.astimezone(UTC).replace(tzinfo=None)).total_seconds()
    offset = round(difference / _QUARTER_HOUR) * _QUARTER_HOUR
    return offset if abs(offset) <= 15 * 3600 else 0
