"""What the addon module shows inside WHMCS, and what an administrator decides there. One installation each."""

import uuid
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from matching import module_selectors
from matching.api.serializers import DecisionOutput
from matching.models import Decision, Proposal
from matching.services import allocation, setting_aside
from matching.services.decisions import Actor, Decided
from payymo.dashboard.api import shapes
from payymo.dashboard.api.addresses import whole, with_origin
from payymo.dashboard.links import link
from payymo.dashboard.presenters import feeds
from payymo.shared.api import queries
from payymo.shared.api.idempotency import idempotent
from payymo.shared.api.serializers import StrictSerializer
from tenants import context
from tenants.services import licences
from whmcs import selectors
from whmcs.api.module_access import DecidesAsModule, ModuleView
from whmcs.api.serializers import PostingFilter, PostingOutput
from whmcs.models import Client, Invoice, Posting
from whmcs.services import pairing

_MOST_SUGGESTIONS, _MOST_POSTINGS = 5, 5
_LARGEST_ID = 2**62


class ModuleConfig(ModuleView):
    """How Payymo stands with this WHMCS; PUT also says how the module is."""

    @extend_schema(responses={200: shapes.ModuleConfigOutput})
    def get(self, request: Request) -> Response:
        """Say how it stands."""
        instance, held, now = self.module.instance, with_origin(), timezone.now()
        licence = licences.standing(tenant=context.current(), now=now, purpose="module")
        told = {
            "installation": instance.name,
            "state": instance.state,
            "problem": instance.error_in_words,
            "posts_through_module": self.module.books_payments,
            "licence": {"state": licence.state.value, "problem": licence.problem},
            "review_url": whole(held, link("review")),
            "connections_url": whole(held, link("connections")),
        }
        return Response(shapes.ModuleConfigOutput(told).data)

    @extend_schema(request=shapes.ModuleStateInput, responses={200: shapes.ModuleConfigOutput})
    def put(self, request: Request) -> Response:
        """Take note."""
        told = pairing.Told(**_checked(shapes.ModuleStateInput, request))
        pairing.note_state(module=self.module, told=told, now=timezone.now())
        return self.get(request)


class ModuleSummary(ModuleView):
    """What waits, what was posted this month, and how the feeds are."""

    @extend_schema(responses={200: shapes.ModuleSummaryOutput})
    def get(self, request: Request) -> Response:
        """Sum up."""
        instance, held, now = self.module.instance, with_origin(), timezone.now()
        month = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        found = module_selectors.figures(instance, since=month)
        sources = tuple(each for each in feeds.read() if each.kind != "whmcs" or each.connection == instance)
        told = {
            "open_suggestions": found.open_suggestions,
            "posted": found.posted,
            "postings_waiting": found.postings_waiting,
            "postings_stopped": found.postings_stopped,
            "feeds": feeds.listed(sources, now),
            "review_url": whole(held, link("review")),
            "postings_url": whole(held, link("postings")),
        }
        return Response(shapes.ModuleSummaryOutput(told).data)


class ModuleInvoice(ModuleView):
    """The suggestions and postings of one invoice, by its id in WHMCS."""

    @extend_schema(responses={200: shapes.PanelInvoiceOutput})
    def get(self, request: Request, whmcs_id: int) -> Response:
        """Show them."""
        invoice = _mine(Invoice, self, whmcs_id)
        panel = {
            "invoice": invoice,
            "suggestions": module_selectors.for_invoice(invoice, limit=_MOST_SUGGESTIONS),
            "postings": module_selectors.postings_of(invoice, limit=_MOST_POSTINGS),
        }
        return Response(shapes.PanelInvoiceOutput(panel, context=with_origin()).data)


class ModuleClient(ModuleView):
    """What a client owes, and the payments that may be theirs, by the client's id in WHMCS."""

    @extend_schema(responses={200: shapes.PanelClientOutput})
    def get(self, request: Request, whmcs_id: int) -> Response:
        """Show them."""
        client = _mine(Client, self, whmcs_id)
        panel = {
            "client": client,
            "owed": module_selectors.owed_by(client),
            "suggestions": module_selectors.for_client(client, limit=_MOST_SUGGESTIONS),
        }
        return Response(shapes.PanelClientOutput(panel, context=with_origin()).data)


class ModulePostings(ModuleView, ListAPIView[Posting]):
    """The postings to this WHMCS, newest first."""

    serializer_class = PostingOutput
    query_class = PostingFilter

    def get_queryset(self) -> Any:
        """Those in the given states."""
        return selectors.postings(states=queries.checked(self)["state"]).filter(instance=self.module.instance)


class _Decide(ModuleView):
    permission_classes = [DecidesAsModule]
    input_class: type[StrictSerializer] = shapes.ApproveInput

    def decide(self, proposal: Proposal, values: dict[str, Any], actor: Actor) -> Decided:
        raise NotImplementedError

    @idempotent
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Decide."""
        values = _checked(self.input_class, request)
        found = module_selectors.suggestion(self.module.instance, public_id)
        if found is None:
            raise Http404
        decided = self.decide(found, values, _actor(request.user, values["admin_id"]))
        return Response({**DecisionOutput(decided.decision).data, "stale": list(decided.stale)}, status=201)


@extend_schema(request=shapes.ApproveInput, responses={201: DecisionOutput})
class ModuleApprove(_Decide):
    """Approve a suggestion about this installation's invoices, as an administrator of WHMCS."""

    def decide(self, proposal: Proposal, values: dict[str, Any], actor: Actor) -> Decided:
        """Approve."""
        return allocation.approve_proposal(proposal_id=proposal.public_id, actor=actor, now=timezone.now())


@extend_schema(request=shapes.TurnDownInput, responses={201: DecisionOutput})
class ModuleReject(_Decide):
    """Say that a suggestion about this installation's invoices is wrong."""

    input_class = shapes.TurnDownInput

    def decide(self, proposal: Proposal, values: dict[str, Any], actor: Actor) -> Decided:
        """Reject."""
        return setting_aside.reject_proposal(
            proposal_id=proposal.public_id, actor=actor, now=timezone.now(), reason=values["reason"]
        )


def _actor(user: User, admin_id: int) -> Actor:
    """Name the member whose key it is, and the administrator by number: WHMCS's names stay in WHMCS."""
    name = f"{user.display_name[:90]} (WHMCS #{admin_id})"
    return Actor(Decision.Source.PERSON, user, name=name, by_key=True)


def _checked(shape: type[StrictSerializer], request: Request) -> dict[str, Any]:
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _mine(model: Any, view: ModuleView, whmcs_id: int) -> Any:
    rows = model.objects.select_related("instance").filter(instance=view.module.instance)
    found = rows.filter(whmcs_id=whmcs_id).first() if whmcs_id <= _LARGEST_ID else None
    if found is None:
        raise Http404
    return found
