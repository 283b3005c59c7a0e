"""One bank transaction or charge in full."""

import json
from datetime import datetime

from django.utils.translation import gettext as _

from banking.models import BankTransaction
from matching import selectors
from matching.locks import Receipt
from matching.models import Decision, InvoiceMatch, StripeInvoiceMatch
from matching.services import corrections
from matching.services.teamwork import colleagues
from payymo.dashboard import formats, words
from payymo.dashboard.links import link, offer
from payymo.dashboard.pages import AllocationRow, Amount, Chip, Fact, TransactionPage
from payymo.dashboard.presenters import decided, pairs, postings, receipts, review, taken_back
from payymo.dashboard.presenters.candidates import whmcs_link
from payymo.dashboard.presenters.events import event_of
from payymo.shared.crypto import UnreadableSecret
from payymo.shared.models import ReceiptState
from tenants import sealing


def _posting_chip(match: InvoiceMatch | StripeInvoiceMatch) -> Chip:
    if match.posting is None:
        return Chip(_("Reversed"), "neutral")
    if match.posting.kind == "LINK" and match.posting.state == "POSTED":
        return words.link_chip()
    return words.state_chip(match.posting.state, str(match.posting.get_state_display()))


def _may_be_wrong(match: InvoiceMatch | StripeInvoiceMatch) -> bool:
    """Whether a match is beyond undoing, and nobody reported it yet."""
    decision = match.decision
    is_sent = match.posting is not None and match.posting.state not in corrections.STILL_HERE
    is_match = decision.kind in (Decision.Kind.APPROVE, Decision.Kind.ALLOCATE)
    return is_match and is_sent and match.reverses_id is None and not hasattr(decision, "corrected_by")


def _allocation(
    match: InvoiceMatch | StripeInvoiceMatch, now: datetime, may_retry: bool, may_decide: bool
) -> AllocationRow:
    decision = match.decision
    posting = match.posting
    return AllocationRow(
        number=match.invoice.display_number,
        client=match.invoice.client.display_name,
        amount=Amount(match.amount, match.currency),
        decided_by=decision.decided_by_name or str(decision.get_source_display()),
        moment=formats.moment(match.allocated_at, now),
        posting=_posting_chip(match),
        posting_detail=(postings.held(posting) or posting.error_in_words or posting.transaction_id) if posting else "",
        held_url=offer("connections") if postings.held(posting) else "",
        url=offer("invoice", match.invoice.public_id),
        undo_url=decided.undo_bar(decision, now=now).undo_url if match.reverses_id is None else "",
        wrong_url=link("decision_wrong", decision.public_id) if may_decide and _may_be_wrong(match) else "",
        fee=Amount(match.fee, match.currency) if match.fee else None,
        whmcs_url=whmcs_link(match.invoice, match.invoice.instance.base_url),
        key=str(match.public_id),
        stopped=postings.stopped(posting, match.invoice, may_retry=may_retry) if posting else None,
    )


def _raw(receipt: Receipt) -> tuple[Fact, ...]:
    """Return the provider's own fields, as they came; of what was erased, when."""
    if receipt.erased_at is not None:
        day = formats.day(receipt.erased_at.date())
        return (Fact(_("Personal data"), text=_("Erased on %s, because it was no longer needed.") % day),)
    try:
        text = sealing.unseal(receipt, "raw_sealed")
    except UnreadableSecret:
        return (Fact(_("Raw data"), text=_("It does not open with this tenant's key.")),)
    if not text:
        return ()
    try:
        fields = json.loads(text)
    except ValueError:
        return (Fact(_("As received"), text=text[:4000], verbatim=True),)
    if not isinstance(fields, dict):
        return ()
    return tuple(
        Fact(str(key), text=value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), verbatim=True)
        for key, value in sorted(fields.items())[:60]
        if value not in (None, "", [], {}) and "iban" not in json.dumps(value).lower()
    )


def _costs(receipt: Receipt) -> tuple[Fact, ...]:
    """What Stripe kept of a charge and gave back, and the payout it came in."""
    if isinstance(receipt, BankTransaction):
        return ()
    currency = receipt.settlement_currency or receipt.currency
    facts = []
    if receipt.amount_refunded:
        facts.append(Fact(_("Refunded"), amount=Amount(receipt.amount_refunded, receipt.currency)))
    if receipt.fee is not None:
        facts.append(Fact(_("%s's fee") % receipt.gateway.label, amount=Amount(receipt.fee, currency)))
    if receipt.net is not None:
        facts.append(Fact(_("Net"), amount=Amount(receipt.net, currency)))
    if receipt.payout is not None:
        url = link("payout", receipt.payout.public_id)
        facts.append(Fact(_("Payout"), text=receipt.payout.payout_id, url=url))
    return tuple(facts)


def _account(receipt: Receipt, number: str, *, may_decide: bool) -> tuple[tuple[Fact, ...], str]:
    """Return the payer's account as a fact where it was asked for, and where else to ask for it."""
    if number:
        return (Fact(_("Whole account number"), text=number, verbatim=True),), ""
    is_kept = isinstance(receipt, BankTransaction) and bool(receipt.counterparty_iban_sealed)
    return (), link("transaction_account", receipt.public_id) if is_kept and may_decide else ""


def _own_account(receipt: Receipt, number: str, *, may_decide: bool) -> tuple[tuple[Fact, ...], str]:
    if number:
        return (Fact(_("Whole number of your account"), text=number, verbatim=True),), ""
    is_kept = isinstance(receipt, BankTransaction) and bool(receipt.account.iban_sealed)
    return (), link("transaction_account", receipt.public_id) if is_kept and may_decide else ""


def detail(
    receipt: Receipt,
    *,
    now: datetime,
    may_retry: bool = False,
    may_decide: bool = False,
    account: str = "",
    own_account: str = "",
) -> TransactionPage:
    """Build the page of one payment.

    Shape: `account` is the payer's whole number, `own_account` the company's, each for somebody who asked for it.
    """
    is_bank = isinstance(receipt, BankTransaction)
    shown = review.panel(receipt, may_decide=False, now=now)
    name = receipts.name_of(receipt) or _("Unknown payer")
    is_open = receipt.state in (ReceiptState.UNRECONCILED, ReceiptState.PARTLY_ALLOCATED) and receipt.amount > 0
    number, account_url = _account(receipt, account, may_decide=may_decide)
    own_number, own_account_url = _own_account(receipt, own_account, may_decide=may_decide)
    return TransactionPage(
        title=name,
        kind="bank" if is_bank else "stripe",
        amount=receipts.amount_of(receipt),
        state=words.state_chip(receipt.state, str(receipt.get_state_display())),
        facts=(*shown.receipt.facts, *number, *own_number, *_costs(receipt)),
        allocations=tuple(
            _allocation(match, now, may_retry, may_decide) for match in selectors.allocations_of(receipt)
        ),
        unallocated=Amount(receipt.unallocated, receipt.currency) if is_open else None,
        candidates=shown.candidates if is_open else (),
        none_text=shown.none_text if is_open else words.ignore_reason(receipt.ignored_reason),
        comments=review.comment_lines(receipt, colleagues(), now),
        assignee=shown.assignee,
        account_url=account_url,
        own_account_url=own_account_url,
        events=tuple(event_of(decision, now) for decision in selectors.decisions_of(receipt)),
        raw=_raw(receipt),
        review_url=offer("review_item", receipt.public_id) if is_open else "",
        pair=pairs.note_of(receipt, may_decide=may_decide),
        taken_back=taken_back.notes_of(receipt, may_decide=may_decide),
    )
