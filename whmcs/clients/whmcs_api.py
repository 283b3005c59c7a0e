"""The WHMCS external API over HTTP. Thin: one action a method, every answer checked, nothing kept between calls."""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.utils.translation import gettext_noop as _

from payymo.shared import http
from payymo.shared.errors import Refused, Retryable, Unknown
from payymo.shared.sentences import Sentence
from whmcs.clients import reading, refusals
from whmcs.clients.at_once import read_each
from whmcs.clients.base import (
    Currency,
    Details,
    Page,
    PaymentMethod,
    RemoteClient,
    RemoteCredit,
    RemoteInvoice,
    RemoteInvoiceSummary,
    RemoteOrder,
    RemoteTransaction,
)
from whmcs.clients.values import UnreadableValue, listed, moment, text

READ_SECONDS = 20.0
LARGEST_TRANSACTION_ID = 64
Found = TypeVar("Found")


class WhmcsHttpApi:
    """Speaks to one installation. Implements `WhmcsApi`."""

    def __init__(
        self,
        *,
        base_url: str,
        identifier: str,
        secret: str,
        access_key: str = "",
        read_seconds: float = READ_SECONDS,
        breaker: http.Breaker | None = None,
        is_patient: bool = False,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/includes/api.php"
        self._credentials = {"identifier": identifier, "secret": secret, "responsetype": "json"}
        if access_key:
            self._credentials["accesskey"] = access_key
        self._read_seconds, self._breaker, self._is_patient = read_seconds, breaker, is_patient

    def __repr__(self) -> str:
        """Name the installation and keep the secret out of logs."""
        return f"WhmcsHttpApi({self._url})"

    def details(self) -> Details:
        """Return the version; installations older than 8.0 do not know `WhmcsDetails`."""
        try:
            answer = self._read("WhmcsDetails")
        except Refused as error:
            if error.reason != refusals.ACTION_UNKNOWN:
                raise
            answer = self._read("GetAdminDetails")
        held = answer.get("whmcs")
        if not isinstance(held, Mapping):
            return Details(version="")
        return Details(version=_understood("WhmcsDetails", lambda: text(held, "version", limit=40)))

    def server_time(self) -> datetime | None:
        """Return the installation's local time, without a zone; None when it does not tell."""
        answer = self._read("GetAdminDetails")
        return _understood("GetAdminDetails", lambda: moment(answer, "requesttime"))

    def setting(self, name: str) -> str:
        """Return one of the installation's settings."""
        answer = self._read("GetConfigurationValue", setting=name)
        return _understood("GetConfigurationValue", lambda: text(answer, "value", limit=40))

    def currencies(self) -> tuple[Currency, ...]:
        """Return the currencies, the default one (rate 1, lowest id) first."""
        answer = self._read("GetCurrencies")
        found = _understood("GetCurrencies", lambda: reading.page(answer, "currencies", "currency", reading.currency))
        return tuple(sorted(found.rows, key=lambda row: (row.rate != 1, row.whmcs_id)))

    def payment_methods(self) -> tuple[PaymentMethod, ...]:
        """Return the active gateways."""
        answer = self._read("GetPaymentMethods")
        rows = _understood("GetPaymentMethods", lambda: listed(answer, "paymentmethods", "paymentmethod"))
        methods = (
            PaymentMethod(module=text(row, "module", limit=60), display_name=text(row, "displayname", limit=120))
            for row in rows
        )
        return tuple(method for method in methods if method.module)

    def clients(self, *, start: int, count: int, newest_first: bool = False) -> Page[RemoteClient]:
        """Return clients by id."""
        order = "DESC" if newest_first else "ASC"
        answer = self._read("GetClients", limitstart=start, limitnum=count, orderby="id", sorting=order)
        return _understood("GetClients", lambda: reading.page(answer, "clients", "client", reading.client))

    def client(self, whmcs_id: int) -> RemoteClient:
        """Return one client, from the part of the answer that is not deprecated."""
        answer = self._read("GetClientsDetails", clientid=whmcs_id)
        held = answer.get("client")
        return _understood("GetClientsDetails", lambda: reading.client(held if isinstance(held, Mapping) else answer))

    def invoices(
        self, *, start: int, count: int, status: str = "", newest_first: bool = False
    ) -> Page[RemoteInvoiceSummary]:
        """Return invoices by id, of one status or of all."""
        sent: dict[str, Any] = {"limitstart": start, "limitnum": count, "orderby": "id"}
        sent["order"] = "desc" if newest_first else "asc"
        if status:
            sent["status"] = status
        answer = self._read("GetInvoices", **sent)
        return _understood("GetInvoices", lambda: reading.page(answer, "invoices", "invoice", reading.summary))

    def invoice(self, whmcs_id: int) -> RemoteInvoice:
        """Return one invoice with its lines and bookings."""
        answer = self._read("GetInvoice", invoiceid=whmcs_id)
        found = _understood("GetInvoice", lambda: reading.invoice(answer))
        if found.whmcs_id != whmcs_id:
            raise Retryable(_("WHMCS answered with another invoice."), reason="unreadable_answer")
        return found

    def transactions(
        self, *, transaction_id: str = "", client_whmcs_id: int = 0, invoice_whmcs_id: int = 0
    ) -> Page[RemoteTransaction]:
        """Return bookings by exactly one of the three: without a filter WHMCS would send all of them, unpaged."""
        wanted = {"transid": transaction_id, "clientid": client_whmcs_id, "invoiceid": invoice_whmcs_id}
        sent = {name: value for name, value in wanted.items() if value}
        if len(sent) != 1:
            raise ValueError("transactions are asked for by exactly one of transaction, client or invoice")
        answer = self._read("GetTransactions", **sent)
        read = reading.transaction
        return _understood("GetTransactions", lambda: reading.page(answer, "transactions", "transaction", read))

    def invoices_alone(self, whmcs_ids: Sequence[int]) -> list[RemoteInvoice | Refused | Retryable]:
        """Return each of these invoices, or the error it met, in the order asked; a few calls at a time."""
        return read_each(lambda one, breaker: self._through(breaker).invoice(one), whmcs_ids, self._breaker)

    def bookings_of(self, client_whmcs_ids: Sequence[int]) -> list[Page[RemoteTransaction] | Refused | Retryable]:
        """Return each of these clients' bookings, as above."""
        return read_each(
            lambda one, breaker: self._through(breaker).transactions(client_whmcs_id=one),
            client_whmcs_ids,
            self._breaker,
        )

    def orders(self, *, start: int, count: int) -> Page[RemoteOrder]:
        """Return orders in WHMCS's own order, which it does not document."""
        answer = self._read("GetOrders", limitstart=start, limitnum=count)
        return _understood("GetOrders", lambda: reading.page(answer, "orders", "order", reading.order))

    def credits_of(self, client_whmcs_ids: Sequence[int]) -> list[Page[RemoteCredit] | Refused | Retryable]:
        """Return all movements of each of these clients' credit, as above."""
        return read_each(
            lambda one, breaker: self._through(breaker)._credits(one), client_whmcs_ids, self._breaker
        )  # fmt: skip

    def _credits(self, client_whmcs_id: int) -> Page[RemoteCredit]:
        answer = self._read("GetCredits", clientid=client_whmcs_id)
        return _understood("GetCredits", lambda: reading.page(answer, "credits", "credit", reading.credit))

    def _through(self, breaker: http.Breaker) -> "WhmcsHttpApi":
        other = copy.copy(self)
        other._breaker = breaker
        return other

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
        """Book a payment.

        Raises: ValueError before anything is sent if a value is missing: WHMCS takes an empty amount for the whole
        balance; Unknown unless the answer proves that the payment was, or was not, booked.
        """
        sent = payment_fields(
            invoice_whmcs_id=invoice_whmcs_id,
            amount=amount,
            transaction_id=transaction_id,
            gateway=gateway,
            paid_at=paid_at,
            fees=fees,
            sends_email=sends_email,
        )
        self._write("AddInvoicePayment", **sent)

    def add_credit_payment(
        self,
        *,
        client_whmcs_id: int,
        amount: Decimal,
        transaction_id: str,
        gateway: str,
        paid_on: str,
        fees: Decimal,
    ) -> None:
        """Book a payment of a client that becomes their credit.

        Raises: ValueError before anything is sent if a value is missing; Unknown unless the answer proves that it was,
        or was not, booked. WHMCS refuses an id that it knows: then it is there, and must be looked up.
        """
        _check_payment(client_whmcs_id, amount, gateway, transaction_id)
        sent: dict[str, Any] = {
            "userid": client_whmcs_id,
            "paymentmethod": gateway,
            "transid": transaction_id,
            "description": "Payment without an invoice",
            "amountin": _plain(amount),
            "credit": 1,
        }
        if paid_on:
            # Another format than the site's own would be lost without a word.
            sent["date"] = paid_on
        if fees:
            sent["fees"] = _plain(fees)
        try:
            self._write("AddTransaction", **sent)
        except Refused as error:
            if error.reason != refusals.TRANSACTION_KNOWN:
                raise
            raise Unknown(error.sentence, reason=error.reason) from error

    def _read(self, action: str, **fields: Any) -> Mapping[str, Any]:
        """Call an action that changes nothing.

        Raises: Refused, Retryable.
        """
        try:
            answer = self._call(action, fields, may_repeat=self._is_patient)
        except http.NotReached as error:
            raise Retryable(
                _("WHMCS could not be reached: %(why)s."), why=Sentence(str(error)), reason="unreachable"
            ) from error
        except http.AnswerLost as error:
            raise Retryable(
                _("WHMCS did not answer %(action)s: %(why)s."),
                action=action,
                why=Sentence(str(error)),
                reason="no_answer",
            ) from error
        body = json_object(answer)
        if body is None or answer.status >= 500:
            raise Retryable(
                _("WHMCS answered %(action)s with status %(status)s and no usable data; it may be under maintenance."),
                action=action,
                status=str(answer.status),
                reason="unreadable_answer",
                retry_after=answer.retry_after(),
            )
        return _accepted(action, answer.status, body)

    def _write(self, action: str, **fields: Any) -> None:
        """Call an action that books.

        Raises: Refused and Retryable when nothing was booked, Unknown when it may have been.
        """
        try:
            answer = self._call(action, fields)
        except http.NotReached as error:
            raise Retryable(
                _("WHMCS could not be reached: %(why)s."), why=Sentence(str(error)), reason="unreachable"
            ) from error
        except http.AnswerLost as error:
            raise Unknown(
                _("WHMCS did not answer %(action)s: %(why)s."),
                action=action,
                why=Sentence(str(error)),
                reason="no_answer",
            ) from error
        body = json_object(answer)
        if body is None or answer.status >= 500 or _verdict(body) is None:
            raise Unknown(
                _("WHMCS answered %(action)s with status %(status)s and nothing that says whether it was done."),
                action=action,
                status=str(answer.status),
                reason="unreadable_answer",
            )
        _accepted(action, answer.status, body)

    def _call(self, action: str, fields: Mapping[str, Any], *, may_repeat: bool = False) -> http.Answer:
        try:
            return http.send(
                "POST",
                self._url,
                customer_url=True,
                read_seconds=self._read_seconds,
                breaker=self._breaker,
                may_repeat=may_repeat,
                data={**self._credentials, "action": action, **fields},
            )
        except http.AddressRefused as error:
            raise Refused(error.sentence, reason=refusals.ADDRESS_REFUSED) from error


def payment_fields(
    *,
    invoice_whmcs_id: int,
    amount: Decimal,
    transaction_id: str,
    gateway: str,
    paid_at: datetime,
    fees: Decimal,
    sends_email: bool,
) -> dict[str, str]:
    """Return the fields of `AddInvoicePayment`.

    Raises: ValueError for a value without which WHMCS would book something else.
    """
    _check_payment(invoice_whmcs_id, amount, gateway, transaction_id)
    sent = {
        "invoiceid": str(invoice_whmcs_id),
        "transid": transaction_id,
        "gateway": gateway,
        "date": paid_at.strftime("%Y-%m-%d %H:%M:%S"),
        "amount": _plain(amount),
    }
    if fees:
        sent["fees"] = _plain(fees)
    if not sends_email:
        # Left out otherwise: a form has no false, and PHP takes the word "False" for true.
        sent["noemail"] = "1"
    return sent


def _check_payment(on: int, amount: Decimal, gateway: str, transaction_id: str) -> None:
    if amount <= 0 or not gateway or not on:
        raise ValueError("a payment needs an invoice or a client, a gateway and an amount above zero")
    if not transaction_id or len(transaction_id) > LARGEST_TRANSACTION_ID:
        raise ValueError(f"a payment needs a transaction id of at most {LARGEST_TRANSACTION_ID} characters")


def _plain(amount: Decimal) -> str:
    """Write an amount as WHMCS documents it: `1234.56`, at least two decimals, no exponent."""
    shortest = amount.normalize()
    decimals = max(2, -int(shortest.as_tuple().exponent))
    return f"{amount:.{decimals}f}"


def json_object(answer: http.Answer) -> Mapping[str, Any] | None:
    """Read the body with amounts as decimals; None for anything but a JSON object."""
    try:
        body = json.loads(answer.body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, Mapping) else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _verdict(body: Mapping[str, Any]) -> str | None:
    """Return success or error. `status` speaks only where `result` is missing, since it is also an invoice's field."""
    for name in ("result", "status"):
        if name in body:
            verdict = str(body[name]).casefold()
            return verdict if verdict in ("success", "error") else None
    return None


def _accepted(action: str, status: int, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the body of a success.

    Raises: Refused for an error; Retryable if a read tells neither.
    """
    verdict = _verdict(body)
    if verdict == "success" and status < 400:
        return body
    if verdict == "error" or status >= 400:
        raise refusals.refusal(action, status, str(body.get("message") or ""))
    raise Retryable(_("WHMCS's answer to %(action)s has no result."), action=action, reason="unreadable_answer")


def _understood(action: str, read: Callable[[], Found]) -> Found:
    try:
        return read()
    except UnreadableValue as error:
        raise Retryable(
            _("WHMCS's answer to %(action)s cannot be read: %(why)s."),
            action=action,
            why=str(error),
            reason="unreadable_answer",
        ) from error
