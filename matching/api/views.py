"""Proposals, decisions, matches by hand and settlements over HTTP."""

import uuid
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import reach
from accounts.api.authentication import KeyGrant
from accounts.api.permissions import requires
from matching import locks, selectors
from matching.api import serializers as shapes
from matching.models import Decision, Proposal
from matching.services import allocation, decisions, setting_aside, undoing
from matching.services.decisions import Actor
from matching.services.rests import Rest
from payymo.shared.api import queries
from payymo.shared.api.idempotency import idempotent
from payymo.shared.api.serializers import NothingInput, StrictSerializer
from whmcs.models import Invoice


def _proposals() -> Any:
    rows = Proposal.objects.filter(reach.by_account("bank_transaction__account"))
    return rows.select_related("bank_transaction", "stripe_payment", "client").prefetch_related("lines__invoice")


class ProposalList(generics.ListAPIView):
    """Suggestions, newest first; open ones unless `status` says otherwise."""

    permission_classes = [requires("review.view")]
    serializer_class = shapes.ProposalOutput
    query_class = shapes.ProposalQuery

    def get_queryset(self) -> Any:
        """Filter by band, receipt and status."""
        wanted = queries.checked(self)
        rows = _proposals().filter(status=wanted["status"])
        if band := wanted.get("band"):
            rows = rows.filter(band=band)
        if key := wanted.get("receipt"):
            rows = rows.filter(bank_transaction__public_id=key) | rows.filter(stripe_payment__public_id=key)
        return rows


class ProposalDetail(generics.RetrieveAPIView):
    """One suggestion."""

    permission_classes = [requires("review.view")]
    serializer_class = shapes.ProposalDetailOutput
    lookup_field = "public_id"

    def get_queryset(self) -> Any:
        """Read it with everything it shows."""
        return _proposals()


class _Decide(APIView):
    """A decision about a proposal: one service call, replayed safely by its Idempotency-Key."""

    permission_classes = [requires("review.decide")]
    input_class: type[StrictSerializer] = NothingInput

    def decide(self, proposal: Proposal, values: dict[str, Any], actor: Actor) -> decisions.Decided:
        raise NotImplementedError

    @idempotent
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Decide."""
        values = self.input_class(data=request.data)
        values.is_valid(raise_exception=True)
        found = generics.get_object_or_404(_proposals(), public_id=public_id)
        decided = self.decide(found, values.validated_data, _actor(request))
        return _answer(decided)


def _actor(request: Request) -> Actor:
    return Actor.person(request.user, by_key=isinstance(request.auth, KeyGrant))


def _answer(decided: decisions.Decided, *, code: int = status.HTTP_201_CREATED) -> Response:
    return Response({**shapes.DecisionOutput(decided.decision).data, "stale": list(decided.stale)}, status=code)


def _receipt_of(proposal: Proposal) -> uuid.UUID:
    subject = proposal.bank_transaction or proposal.stripe_payment
    assert subject is not None  # noqa: S101 - kept by a constraint
    return subject.public_id


@extend_schema(request=shapes.RestInput, responses={201: shapes.DecisionOutput})
class Approve(_Decide):
    """Approve a suggestion: allocate it and leave its postings pending until the undo window has passed."""

    input_class = shapes.RestInput

    def decide(self, proposal: Proposal, values: dict[str, Any], actor: Actor) -> decisions.Decided:
        """Approve."""
        return allocation.approve_proposal(
            proposal_id=proposal.public_id, actor=actor, now=timezone.now(), rest=Rest(values["rest"])
        )


@extend_schema(request=shapes.RejectInput, responses={201: shapes.DecisionOutput})
class Reject(_Decide):
    """Say that a suggestion is wrong."""

    input_class = shapes.RejectInput

    def decide(self, proposal: Proposal, values: dict[str, Any], actor: Actor) -> decisions.Decided:
        """Reject."""
        return setting_aside.reject_proposal(
            proposal_id=proposal.public_id, actor=actor, now=timezone.now(), reason=values["reason"]
        )


@extend_schema(request=shapes.HoldInput, responses={201: shapes.DecisionOutput})
class Hold(_Decide):
    """Put the payment of a suggestion off."""

    input_class = shapes.HoldInput

    def decide(self, proposal: Proposal, values: dict[str, Any], actor: Actor) -> decisions.Decided:
        """Put it off."""
        return setting_aside.hold_receipt(
            receipt_id=_receipt_of(proposal), until=values["until"], actor=actor, now=timezone.now()
        )


@extend_schema(request=shapes.IgnoreInput, responses={201: shapes.DecisionOutput})
class Ignore(_Decide):
    """Say that the payment of a suggestion settles no invoice."""

    input_class = shapes.IgnoreInput

    def decide(self, proposal: Proposal, values: dict[str, Any], actor: Actor) -> decisions.Decided:
        """Ignore it."""
        return setting_aside.ignore_receipt(
            receipt_id=_receipt_of(proposal), reason=values["reason"], actor=actor, now=timezone.now()
        )


@extend_schema(request=NothingInput, responses={201: shapes.DecisionOutput})
class Undo(APIView):
    """Take a decision back, as long as nothing of it was sent."""

    permission_classes = [requires("review.decide")]

    @idempotent
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Undo."""
        NothingInput(data=request.data).is_valid(raise_exception=True)
        if selectors.find_decision(public_id) is None:
            raise Http404
        try:
            decided = undoing.undo_decision(
                decision_id=public_id,
                actor=_actor(request),
                now=timezone.now(),
                may_undo_others="settings.change" in request.auth.permissions,
            )
        except Decision.DoesNotExist as error:
            raise Http404 from error
        return _answer(decided)


@extend_schema(request=shapes.AllocateInput, responses={201: shapes.DecisionOutput})
class Allocate(APIView):
    """Match a payment by hand with one or several invoices."""

    permission_classes = [requires("review.decide")]

    @idempotent
    def post(self, request: Request) -> Response:
        """Match."""
        values = shapes.AllocateInput(data=request.data)
        values.is_valid(raise_exception=True)
        wanted = values.validated_data["lines"]
        if selectors.find_receipt(values.validated_data["receipt"]) is None:
            raise Http404
        keys = dict(
            Invoice.objects.filter(public_id__in=[line["invoice"] for line in wanted]).values_list("public_id", "pk")
        )
        lines = [allocation.Line(keys.get(line["invoice"], 0), line["amount"], line["fee"]) for line in wanted]
        try:
            decided = allocation.allocate_by_hand(
                receipt_id=values.validated_data["receipt"],
                lines=lines,
                actor=_actor(request),
                now=timezone.now(),
                may_overpay=values.validated_data["may_overpay"],
                rest=Rest(values.validated_data["rest"]),
            )
        except locks.UnknownReceipt as error:
            raise Http404 from error
        return _answer(decided)
