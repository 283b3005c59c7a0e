"""Giving up a posting that stopped, over HTTP."""

import uuid
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import KeyGrant
from accounts.api.permissions import requires
from matching.services import stopped
from matching.services.decisions import Actor
from payymo.shared.api.idempotency import idempotent
from payymo.shared.api.parsing import StrictJSONParser
from payymo.shared.api.serializers import StrictSerializer
from whmcs import selectors
from whmcs.api.serializers import PostingDetailOutput
from whmcs.models import Posting
from whmcs.services import connection
from whmcs.services.posting import check_not_booked


class GiveUpInput(StrictSerializer):
    """Why it is given up; whoever looks at the payment later reads it."""

    reason = serializers.CharField(max_length=300)


class GiveUpPosting(APIView):
    """Gives up a posting that stopped and that WHMCS does not show; its payment is open again and can be matched anew.

    WHMCS is asked first. 409 when it shows the payment, or when the posting has moved on; 502 or 503 when it cannot be
    asked: nothing is changed then.
    """

    permission_classes = [requires("postings.retry")]
    parser_classes = [StrictJSONParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Ask WHMCS once the caller may call, before the transaction in which the key and the effect are written."""
        super().initial(request, *args, **kwargs)
        if request.method != "POST":
            return
        posting = selectors.postings().filter(public_id=kwargs["public_id"]).first()
        if posting is None:
            raise Http404
        is_done = posting.state == Posting.State.WITHDRAWN
        self._checked = posting if is_done else check_not_booked(posting=posting, api_for=connection.api_for)

    @extend_schema(request=GiveUpInput, responses={200: PostingDetailOutput})
    @idempotent
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Give it up."""
        wanted = GiveUpInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        stopped.give_up_checked(
            checked=self._checked,
            reason=wanted.validated_data["reason"],
            actor=Actor.person(request.user, by_key=isinstance(request.auth, KeyGrant)),
            now=timezone.now(),
        )
        return Response(PostingDetailOutput(selectors.posting_with_moves(public_id=public_id)).data)
