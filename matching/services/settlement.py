"""Finding payouts on the bank account. A settlement posts nothing: it explains a bank entry, and can be taken back."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext

from banking.models import BankTransaction
from matching import adapters, locks, payout_selectors
from matching.core import settlement as core
from matching.models import Decision, Settlement
from matching.services.decisions import (
    Actor,
    AlreadyDecided,
    UnusableAllocation,
    close_proposals,
    record,
    reopen,
    set_allocated,
)
from payments.models import Payout
from payymo.shared.errors import Conflict
from payymo.shared.models import ReceiptState
from payymo.shared.money import quantized

CANDIDATE_LIMIT = 20_000
MOST_JOINED = 20


@transaction.atomic
def settle(
    *,
    payout_ids: Sequence[uuid.UUID | str],
    receipt_id: uuid.UUID | str,
    actor: Actor,
    now: datetime,
    is_return: bool = False,
    accepts_difference: bool = False,
    clue: str = "",
) -> list[Settlement]:
    """Say that this bank entry is this payout, the sum of these, or the return of a failed one.

    Another currency or amount needs a person who accepts it, and one payout; both amounts are kept.
    Raises: UnknownReceipt, UnknownPayout; UnusableAllocation when the amounts do not fit; AlreadyDecided.
    """
    receipt = locks.lock_receipt(receipt_id)
    if not isinstance(receipt, BankTransaction):
        raise UnusableAllocation(gettext("Only a bank transaction can be a payout."))
    opened = locks.lock_proposals(receipt)
    if not 1 <= len(set(payout_ids)) <= MOST_JOINED:
        raise UnusableAllocation(
            gettext("Choose between one and %(most_joined)s payouts.") % {"most_joined": MOST_JOINED}
        )
    payouts = locks.lock_payouts(payout_ids)
    _check_free(receipt, payouts, is_return=is_return)
    accepted = accepts_difference and actor.source != Decision.Source.POLICY
    amounts = _bank_amounts(receipt, payouts, is_return=is_return, accepts_difference=accepted)
    decision = record(receipt, Decision.Kind.SETTLE, actor=actor, now=now, reason=_words(payouts, is_return))
    close_proposals(opened, decision=decision)
    _use_up(receipt)
    sign = -1 if is_return else 1
    return [
        Settlement.objects.create(
            payout=payout, bank_transaction=receipt, amount=sign * payout.amount, currency=payout.currency,
            bank_amount=amount, bank_currency=receipt.currency, is_return=is_return, clue=clue, decision=decision,
            settled_at=now,
        )
        for payout, amount in zip(payouts, amounts, strict=True)
    ]  # fmt: skip


def _check_free(receipt: BankTransaction, payouts: Sequence[Payout], *, is_return: bool) -> None:
    set_aside = receipt.state == ReceiptState.IGNORED and receipt.ignored_reason == "debit"
    if receipt.state != ReceiptState.UNRECONCILED and not set_aside:
        raise AlreadyDecided(gettext("The bank transaction is matched or ignored already."))
    if is_return and not (len(payouts) == 1 and payouts[0].has_failed):
        raise UnusableAllocation(gettext("Only one payout that failed or was cancelled can be returned."))
    taken = Settlement.objects.filter(payout__in=payouts, is_return=is_return, undone_by=None)
    if taken.exists():
        raise AlreadyDecided(gettext("The payout is found on the bank account already."))


def _bank_amounts(
    receipt: BankTransaction, payouts: Sequence[Payout], *, is_return: bool, accepts_difference: bool
) -> list[Decimal]:
    """Share the bank entry out among the payouts: to the cent, or as a person accepts."""
    sign = -1 if is_return else 1
    same_currency = {payout.currency for payout in payouts} == {receipt.currency}
    if same_currency and sum(sign * payout.amount for payout in payouts) == receipt.amount:
        return [sign * payout.amount for payout in payouts]
    if len(payouts) > 1:
        raise UnusableAllocation(gettext("The payouts do not add up to the bank transaction."))
    if (receipt.amount > 0) != (sign * payouts[0].amount > 0):
        raise UnusableAllocation(gettext("The payout and the bank transaction go in opposite directions."))
    if not accepts_difference:
        raise UnusableAllocation(gettext("The payout and the bank transaction differ in amount or currency."))
    return [receipt.amount]


def _words(payouts: Sequence[Payout], is_return: bool) -> str:
    named = ", ".join(payout.payout_id for payout in payouts)
    return f"return of {named}"[:300] if is_return else named[:300]


def _use_up(receipt: BankTransaction) -> None:
    """Mark the entry as explained; money that left the account allocates nothing."""
    if receipt.amount > 0:
        set_allocated(receipt, receipt.amount)
    else:
        receipt.state, receipt.ignored_reason = ReceiptState.RECONCILED, ""
        receipt.save(update_fields=["state", "ignored_reason"])


def take_back(*, decision: Decision, receipt: BankTransaction, undo: Decision) -> None:
    """Undo a settlement whose receipt is locked: the entry is open again, and this pair is not found by itself."""
    Settlement.objects.filter(decision=decision, undone_by=None).update(undone_by=undo)
    receipt.state, receipt.allocated, receipt.proposed_at = ReceiptState.UNRECONCILED, Decimal(0), None
    receipt.save(update_fields=["state", "allocated", "proposed_at"])
    reopen(receipt, decision)


def settle_found(*, now: datetime) -> int:
    """Settle every payout whose bank entry is beyond doubt; return how many entries.

    Ties, and entries in another currency, are left for a person.
    """
    payouts = payout_selectors.open_payouts()
    entries = payout_selectors.entries_for(payouts)[:CANDIDATE_LIMIT]
    receipts = [adapters.to_receipt(entry) for entry in entries]
    if not receipts:
        return 0
    findings = core.find_settlements(
        receipts, payouts, payout_selectors.habits(), refused=payout_selectors.refused_pairs()
    )
    return sum(_settle_one(one, now=now) for one in findings.found if not one.is_stated)


def _settle_one(one: core.Found, *, now: datetime) -> bool:
    try:
        settle(
            payout_ids=one.payout_ids, receipt_id=one.receipt_id, actor=Actor.policy(), now=now,
            is_return=one.is_return, clue=one.clue.name.lower(),
        )  # fmt: skip
    except Conflict:
        # Somebody was faster; the next round looks again.
        return False
    return True


def difference(row: Settlement) -> Decimal | None:
    """Return what the bank shows more than the payout; None across currencies, which have no difference."""
    if row.bank_currency != row.currency:
        return None
    return quantized(row.bank_amount - row.amount, row.currency)
