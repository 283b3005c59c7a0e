"""Bank transactions and Stripe charges."""

import uuid
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.guards import requires_permission
from banking.models import BankTransaction
from banking.services import payer_accounts
from matching import selectors
from matching.locks import Receipt
from matching.services import corrections
from payymo.dashboard import csv_files
from payymo.dashboard.links import link
from payymo.dashboard.presenters import transaction as one
from payymo.dashboard.presenters import transactions as present
from payymo.dashboard.shell import shell_of
from payymo.dashboard.views.bank_accounts import whole_number
from payymo.dashboard.views.review import may_decide, receipt_or_404
from payymo.dashboard.views.review_decide import actor_of
from payymo.shared.errors import DomainError

OWN = "own"


@require_GET
@requires_permission("transactions.view")
def transactions(request: HttpRequest) -> HttpResponse:
    """List what the bank accounts and Stripe show."""
    page = present.listing(request)
    return render(request, "dashboard/transactions.html", {"shell": shell_of(request, "transactions"), "page": page})


@require_GET
@requires_permission("transactions.view")
def transaction(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Show one payment in full."""
    return _show(request, receipt_or_404(receipt_id))


@require_POST
@requires_permission("review.decide")
def account_number(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Show one payment with the whole number of the payer's account, or of the company's own; keep who looked."""
    receipt = receipt_or_404(receipt_id)
    if not isinstance(receipt, BankTransaction):
        raise Http404
    is_own = request.POST.get("which") == OWN
    read = partial(payer_accounts.show_account, row=receipt)
    if is_own:
        read = partial(payer_accounts.show_own_account, row=receipt.account)
    number = whole_number(request, read)
    return _show(request, receipt, **{"own_account" if is_own else "account": number})


def _show(request: HttpRequest, receipt: Receipt, *, account: str = "", own_account: str = "") -> HttpResponse:
    page = one.detail(
        receipt,
        now=timezone.now(),
        may_retry="postings.retry" in request.permissions,
        may_decide=may_decide(request),
        account=account,
        own_account=own_account,
    )
    return render(request, "dashboard/transaction.html", {"shell": shell_of(request, "transactions"), "page": page})


@require_POST
@requires_permission("review.decide")
def report_wrong(request: HttpRequest, decision_id: uuid.UUID) -> HttpResponse:
    """Say that a posted decision was wrong; the money is put right in WHMCS."""
    if (found := selectors.find_decision(decision_id)) is None:
        raise Http404
    try:
        corrections.report_wrong(decision_id=decision_id, actor=actor_of(request), now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Reported. Put the payment right in WHMCS; nothing is learned from it any more."))
    receipt = found.bank_transaction or found.stripe_payment
    assert receipt is not None  # noqa: S101 - kept by a constraint
    return HttpResponseRedirect(link("transaction", receipt.public_id), status=303)


@require_GET
@requires_permission("transactions.view")
def transactions_csv(request: HttpRequest) -> HttpResponse:
    """Download the transactions of the current filters."""
    return csv_files.answer("transactions.csv", present.CSV_HEADER, present.csv_rows(request))
