"""The whole trail of one payment: what arrived, what was thought, which rules, who decided, what WHMCS was told."""

import uuid
from typing import Any

from banking.models import BankTransaction
from matching import selectors
from matching.locks import Receipt, UnknownReceipt
from matching.models import Band, Decision, Proposal
from matching.services.decisions import about
from matching.services.why_none import why_none
from payymo.shared.money import quantized
from whmcs.models import PostingTransition

MOST_PROPOSALS = 50


def trail(receipt_id: uuid.UUID) -> dict[str, Any]:
    """Explain a payment: receipt, suggestions with weighed reasons and rivals, rules, decisions, matches, postings.

    Shape: JSON values only; the number of queries does not depend on how much happened.
    Raises: UnknownReceipt.
    """
    receipt = selectors.find_receipt(receipt_id)
    if receipt is None:
        raise UnknownReceipt(str(receipt_id))
    rows = Proposal.objects.filter(**about(receipt)).select_related("client").prefetch_related("lines__invoice")
    proposals = list(rows.order_by("-pk")[:MOST_PROPOSALS])
    waiting = sorted((each for each in proposals if each.status == Proposal.Status.OPEN), key=lambda each: each.rank)
    has_none = not waiting or waiting[0].band == Band.NONE
    is_open = receipt.unallocated > 0 and receipt.state in ("UNRECONCILED", "PARTLY_ALLOCATED")
    return {
        "receipt": _receipt(receipt),
        "suggestions": [_proposal(each, receipt) for each in waiting],
        "earlier_suggestions": [_proposal(each, receipt) for each in proposals if each.status != Proposal.Status.OPEN],
        "why_none": [{"code": each.code, "text": each.text} for each in why_none(receipt)]
        if has_none and is_open
        else [],
        "decisions": [_decision(each) for each in reversed(selectors.decisions_of(receipt))],
        "matches": _matches(receipt),
    }


def _receipt(receipt: Receipt) -> dict[str, Any]:
    common = {
        "id": str(receipt.public_id),
        "amount": str(quantized(receipt.amount, receipt.currency)),
        "unallocated": str(quantized(receipt.unallocated, receipt.currency)),
        "currency": receipt.currency,
        "state": receipt.state,
        "ignored_reason": receipt.ignored_reason,
        "looked_at": receipt.proposed_at.isoformat() if receipt.proposed_at else None,
    }
    if isinstance(receipt, BankTransaction):
        return {
            **common,
            "source": "bank",
            "day": receipt.booking_date.isoformat(),
            "payer": receipt.counterparty_name,
            "payer_account": f"… {receipt.counterparty_last4}" if receipt.counterparty_last4 else "",
            "remittance_information": receipt.remittance_information,
            "structured_reference": receipt.structured_reference,
            "end_to_end_id": receipt.end_to_end_id,
        }
    return {
        **common,
        "source": "stripe",
        "day": receipt.charged_at.date().isoformat(),
        "payer": receipt.name,
        "email": receipt.email,
        "description": receipt.description,
        "charge": receipt.charge_id,
    }


def _reason(data: dict[str, Any], receipt: Receipt) -> dict[str, Any]:
    spans = [
        {"field": field, "start": start, "end": end, "text": _text_of(receipt, field)[start:end]}
        for field, start, end in data["spans"]
    ]
    return {**data, "spans": spans}


def _text_of(receipt: Receipt, field: str) -> str:
    if field.startswith("metadata.") and not isinstance(receipt, BankTransaction):
        return str(receipt.metadata.get(field.removeprefix("metadata."), ""))
    names = {} if isinstance(receipt, BankTransaction) else {"counterparty_name": "name"}
    value = getattr(receipt, names.get(field, field), "")
    return value if isinstance(value, str) else ""


def _proposal(row: Proposal, receipt: Receipt) -> dict[str, Any]:
    rival = None
    if row.rival is not None:
        behind = [{"code": code, "weight": weight} for code, weight in row.rival["behind"]]
        rival = {"rank": row.rival["rank"], "probability": row.rival["probability"], "behind": behind}
    return {
        "id": str(row.public_id),
        "rank": row.rank,
        "status": row.status,
        "band": row.band,
        "kind": row.kind,
        "probability": row.probability,
        "is_certain": row.is_certain,
        "is_tie": row.is_tie,
        "none_reason": row.none_reason,
        "client": row.client.display_name if row.client else "",
        "lines": [
            {
                "invoice": line.invoice.display_number,
                "amount": str(quantized(line.amount, line.invoice.currency)),
                "fee": str(quantized(line.fee, line.invoice.currency)),
                "currency": line.invoice.currency,
            }
            for line in row.lines.all()
        ],
        "reasons": [_reason(each, receipt) for each in row.reasons],
        "why_not": [_reason(each, receipt) for each in row.why_not],
        "rival": rival,
        "rules": [{"name": each["name"], "action": each["action"]} for each in row.rules],
        "engine_version": row.engine_version,
    }


def _decision(row: Decision) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "kind": row.kind,
        "source": row.source,
        "by": row.decided_by_name,
        "reason": row.reason,
        "probability": row.probability,
        "at": row.decided_at.isoformat(),
        "undone": hasattr(row, "undone_by"),
    }


def _matches(receipt: Receipt) -> list[dict[str, Any]]:
    rows = selectors.allocations_of(receipt)
    moves: dict[int, list[dict[str, str]]] = {}
    for move in PostingTransition.objects.filter(posting__in=[row.posting_id for row in rows]).order_by("sequence"):
        moves.setdefault(move.posting_id, []).append(
            {"to": move.to_state, "reason": move.reason, "at": move.moved_at.isoformat()}
        )
    return [
        {
            "invoice": row.invoice.display_number,
            "amount": str(quantized(row.amount, row.currency)),
            "fee": str(quantized(row.fee, row.currency)),
            "currency": row.currency,
            "decision": str(row.decision.public_id),
            "reverses": row.reverses_id is not None,
            "posting": None
            if row.posting is None
            else {
                "id": str(row.posting.public_id),
                "state": row.posting.state,
                "transaction_id": row.posting.transaction_id,
                "amount": str(quantized(row.posting.amount, row.posting.currency)),
                "fees": str(quantized(row.posting.fees, row.posting.currency)),
                "last_error": row.posting.last_error,
                "moves": moves.get(row.posting.pk, []),
            },
        }
        for row in rows
    ]
