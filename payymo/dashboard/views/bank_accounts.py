"""The answer whether a new bank account is a known one."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.guards import requires_permission
from banking.models import BankAccount
from banking.services import account_answers
from payymo.dashboard.links import link
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
