"""A company's own bank accounts: whether a new one is a known one, and the whole number of one."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.guards import requires_permission
from banking.models import BankAccount
from banking.services import account_answers, payer_accounts
from payymo.dashboard.links import link
from payymo.dashboard.presenters import connection as present
from payymo.dashboard.presenters.connections import NOT_SHOWN
from payymo.dashboard.views.connections import show
from payymo.shared.crypto import UnreadableSecret
from payymo.shared.errors import DomainError

ANOTHER = "another"


@require_POST
@requires_permission("connections.change")
def answer(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take a person's word for which account it is."""
    account, now = get_object_or_404(BankAccount, public_id=public_id), timezone.now()
    chosen = request.POST.get("same_as", "")
    try:
        if chosen == ANOTHER:
            account_answers.tell_apart(account=account, now=now)
            messages.success(request, _("Noted. Its payments are imported now."))
        else:
            account_answers.join(account=account, known=_known(chosen), now=now)
            messages.success(request, _("Noted. No payment of it is listed a second time."))
    except DomainError as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(link("connections"), status=303)


def _known(chosen: str) -> BankAccount:
    try:
        found = BankAccount.objects.filter(public_id=uuid.UUID(chosen)).first()
    except ValueError:
        found = None
    if found is None:
        raise account_answers.NotThatAccount(_("Choose an account, or say that it is another one."))
    return found


def whole_number(request: HttpRequest, read: Callable[[], str]) -> str:
    """Return the number that `read` opens and notes; one that does not open is said and empty."""
    try:
        return read()
    except UnreadableSecret:
        messages.error(request, _("The account number does not open with this company's key. Tell your operator."))
        return ""


@require_POST
@requires_permission("review.decide")
def number(request: HttpRequest, account_id: uuid.UUID) -> HttpResponse:
    """Show a bank's connection with the whole number of one of its accounts; keep who looked."""
    if "connections.view" not in request.permissions:
        raise PermissionDenied
    account = get_object_or_404(
        BankAccount.objects.exclude(connection=None).exclude(connection__state__in=NOT_SHOWN), public_id=account_id
    )
    told = {account.pk: whole_number(request, lambda: payer_accounts.show_own_account(row=account))}
    page = present.detail(request, "bank", account.connection, now=timezone.now(), numbers=told)
    if page is None:
        raise Http404
    return show(request, "dashboard/connections/detail.html", page)
