"""The lock order: the receipt, its proposals, payouts, the watch on automation, the invoices (`whmcs.locks`)."""

import uuid
from collections.abc import Iterable

from django.db import connection
from django.utils.translation import gettext

from banking.models import BankTransaction
from matching.models import Decision, Proposal
from payments.models import Payout, StripePayment
from payymo.shared.errors import Conflict
from tenants.jobs import lock_key

Receipt = BankTransaction | StripePayment


class UnknownPayout(LookupError):
    """No payout of this tenant has this id."""


def lock_watch() -> None:
    """Let one correction of an automatic approval at a time look at all others, until its transaction ends.

    Two that do not see each other would each find too few.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_key("watch")])


class UnknownReceipt(LookupError):
    """No bank transaction and no charge of this tenant has this id."""


def lock_receipt(public_id: uuid.UUID | str) -> Receipt:
    """Lock the bank transaction or charge with this public id.

    Raises: UnknownReceipt.
    """
    for model in (BankTransaction, StripePayment):
        found = model.objects.select_for_update().filter(public_id=public_id).first()
        if found is not None:
            return found
    raise UnknownReceipt(str(public_id))


def lock_entries(keys: Iterable[int]) -> dict[int, BankTransaction]:
    """Lock bank transactions in the order of their keys, when one decision is about several."""
    rows = BankTransaction.objects.select_for_update().filter(pk__in=set(keys)).order_by("pk")
    return {row.pk: row for row in rows}


def lock_free_receipts(receipts: Iterable[Receipt]) -> dict[tuple[bool, int], Receipt]:
    """Lock those of the receipts that nobody else holds, bank first, each in order of its key; never waits.

    Shape: by (is a bank transaction, primary key), with state and amounts as they are now.
    """
    wanted: dict[bool, list[int]] = {True: [], False: []}
    for receipt in receipts:
        wanted[isinstance(receipt, BankTransaction)].append(receipt.pk)
    found: dict[tuple[bool, int], Receipt] = {}
    for is_bank, model in ((True, BankTransaction), (False, StripePayment)):
        rows = model.objects.select_for_update(skip_locked=True).filter(pk__in=wanted[is_bank]).order_by("pk")
        found.update({(is_bank, row.pk): row for row in rows.only("state", "amount", "allocated", "proposed_at")})
    return found


def lock_payouts(public_ids: Iterable[uuid.UUID | str]) -> list[Payout]:
    """Lock payouts by primary key, after the bank entry that they are to be found in.

    Raises: UnknownPayout when one of them does not exist.
    """
    wanted = {str(key) for key in public_ids}
    found = list(Payout.objects.select_for_update().filter(public_id__in=wanted).order_by("pk"))
    if len(found) != len(wanted):
        raise UnknownPayout(", ".join(sorted(wanted)))
    return found


def lock_proposals(receipt: Receipt) -> list[Proposal]:
    """Lock the open proposals of a locked receipt, best first."""
    mine = {"bank_transaction": receipt} if isinstance(receipt, BankTransaction) else {"stripe_payment": receipt}
    return list(Proposal.objects.select_for_update().filter(status=Proposal.Status.OPEN, **mine).order_by("rank"))


def lock_decision(public_id: uuid.UUID | str) -> tuple[Decision, Receipt]:
    """Lock the receipt of a decision and read the decision under that lock.

    Raises: Decision.DoesNotExist; Conflict when it was undone already.
    """
    decision = Decision.objects.select_related("bank_transaction", "stripe_payment").get(public_id=public_id)
    subject = decision.bank_transaction or decision.stripe_payment
    assert subject is not None  # noqa: S101 - kept by a constraint
    if decision.kind == Decision.Kind.PAIR:
        pair = decision.pairs.get()
        lock_entries((pair.earlier_id, pair.later_id))
    receipt = lock_receipt(subject.public_id)
    if Decision.objects.filter(undoes=decision).exists():
        raise Conflict(gettext("This decision was undone already."))
    return decision, receipt


def lock_rules() -> None:
    """Let one change of this tenant's rules happen at a time, until the transaction ends; nothing else waits for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_key("rules")])
