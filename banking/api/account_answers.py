"""Whether a new account is a known one under another name: the question is in the accounts, the answer comes here."""

import uuid

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from banking.api.inputs import checked
from banking.api.serializers import AccountOutput
from banking.models import BankAccount
from banking.services import account_answers
from payymo.shared.api.parsing import StrictJSONParser
from payymo.shared.api.serializers import StrictSerializer


class AnswerInput(StrictSerializer):
    """The known account that it is; null for another one."""

    same_as = serializers.UUIDField(allow_null=True)


class AnswerAccount(APIView):
    """Says which account a held one is: a known one, or, with null, another. Null also takes back a known one.

    A known account that another living connection brings is left to that one; otherwise this connection takes over.
    """

    permission_classes = [requires("connections.change")]
    parser_classes = [StrictJSONParser]

    @extend_schema(request=AnswerInput, responses={200: AccountOutput})
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Take the answer."""
        wanted, now = checked(AnswerInput, request.data)["same_as"], timezone.now()
        account, known = _account(public_id), _account(wanted) if wanted else None
        if known is None:
            account_answers.tell_apart(account=account, now=now)
        else:
            account_answers.join(account=account, known=known, now=now)
        return Response(AccountOutput(_account(public_id)).data)


def _account(public_id: uuid.UUID) -> BankAccount:
    found = BankAccount.objects.select_related("connection", "same_as").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
