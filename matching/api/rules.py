"""A tenant's own rules over HTTP: read by reviewers, changed by administrators."""

import uuid
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import requires
from banking.models import BankAccount
from matching import rule_selectors
from matching.rule_models import MatchingRule
from matching.services import rule_replay, rules
from matching.services.rules import RuleDraft, UnusableRule
from payymo.shared.api import queries
from payymo.shared.api.pagination import KeysetPagination
from payymo.shared.api.queries import PagedQuery
from payymo.shared.api.serializers import StrictSerializer
from payymo.shared.money import quantized
from whmcs.models import Client


class RuleOutput(serializers.ModelSerializer[MatchingRule]):
    """A rule, what it did, and how often a person decided otherwise. The payer's account is shown masked."""

    id = serializers.UUIDField(source="public_id")
    payer_account = serializers.SerializerMethodField()
    bank_account = serializers.UUIDField(source="bank_account.public_id", default=None, allow_null=True)
    client = serializers.UUIDField(source="client.public_id", default=None, allow_null=True)
    least_amount = serializers.SerializerMethodField()
    most_amount = serializers.SerializerMethodField()
    fee_limit = serializers.SerializerMethodField()
    hits = serializers.IntegerField(source="hit_count")
    wrong_hits = serializers.IntegerField(source="wrong_count")

    class Meta:
        model = MatchingRule
        fields = (
            "id", "name", "position", "is_paused", "remittance_text", "remittance_is_pattern", "payer_text",
            "payer_is_pattern", "payer_account", "direction", "bank_account", "currency", "least_amount",
            "most_amount", "action", "client", "ignore_reason", "fee_limit", "hits", "wrong_hits", "last_run_at",
            "changed_by_name", "changed_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_payer_account(self, row: MatchingRule) -> str:
        """Return the last four characters, or an empty text."""
        return f"… {row.payer_account_last4}" if row.payer_account_hash else ""

    def _amount(self, row: MatchingRule, field: str) -> str | None:
        value = getattr(row, field)
        return None if value is None else str(quantized(value, row.currency))

    def get_least_amount(self, row: MatchingRule) -> str | None:
        """Return it with the currency's own digits."""
        return self._amount(row, "least_amount")

    def get_most_amount(self, row: MatchingRule) -> str | None:
        """Return it with the currency's own digits."""
        return self._amount(row, "most_amount")

    def get_fee_limit(self, row: MatchingRule) -> str | None:
        """Return it with the currency's own digits."""
        return self._amount(row, "fee_limit")


class RuleInput(StrictSerializer):
    """What a rule is to say. `payer_account` is the whole number; left out on a change, the account stays."""

    action = serializers.ChoiceField(choices=MatchingRule.Action.choices)
    name = serializers.CharField(max_length=80, default="", allow_blank=True)
    remittance_text = serializers.CharField(max_length=200, default="", allow_blank=True)
    remittance_is_pattern = serializers.BooleanField(default=False)
    payer_text = serializers.CharField(max_length=200, default="", allow_blank=True)
    payer_is_pattern = serializers.BooleanField(default=False)
    payer_account = serializers.CharField(max_length=64, required=False, allow_blank=True)
    direction = serializers.ChoiceField(choices=MatchingRule.Direction.choices, default="", allow_blank=True)
    bank_account = serializers.UUIDField(default=None, allow_null=True)
    currency = serializers.CharField(max_length=3, default="", allow_blank=True)
    least_amount = serializers.DecimalField(max_digits=15, decimal_places=3, default=None, allow_null=True)
    most_amount = serializers.DecimalField(max_digits=15, decimal_places=3, default=None, allow_null=True)
    client = serializers.UUIDField(default=None, allow_null=True)
    ignore_reason = serializers.CharField(max_length=40, default="", allow_blank=True)
    fee_limit = serializers.DecimalField(max_digits=15, decimal_places=3, default=None, allow_null=True)


class PauseInput(StrictSerializer):
    """Whether the rule is to be followed."""

    is_paused = serializers.BooleanField()


class MoveInput(StrictSerializer):
    """Which neighbour it changes places with."""

    to = serializers.ChoiceField(choices=[("up", "up"), ("down", "down")])


class ReplayInput(StrictSerializer):
    """The first day; the last 90 days if left out."""

    since = serializers.DateField(default=None, allow_null=True)


class ExampleOutput(serializers.Serializer[Any]):
    """A payment that the rule concerns: the same, a change, or wrong by what people decided."""

    receipt = serializers.UUIDField(source="receipt_id")
    day = serializers.DateField()
    amount = serializers.SerializerMethodField()
    currency = serializers.CharField()
    outcome = serializers.ChoiceField(choices=[(each.value, each.value) for each in rule_replay.Outcome])

    def get_amount(self, example: rule_replay.Example) -> str:
        """Return it with the currency's own digits."""
        return str(quantized(example.amount, example.currency))


class ReplayOutput(serializers.Serializer[Any]):
    """What the rule would have done. `is_cut`: only the newest payments were looked at."""

    since = serializers.DateField()
    looked_at = serializers.IntegerField()
    is_cut = serializers.BooleanField()
    would_match = serializers.IntegerField()
    would_change = serializers.IntegerField()
    would_have_been_wrong = serializers.IntegerField()
    examples = ExampleOutput(many=True)


def _draft(values: dict[str, Any], kept: MatchingRule | None = None) -> RuleDraft:
    """Read keys of this tenant's rows.

    Raises: UnusableRule for a client or an account that does not exist here.
    """
    given = dict(values)
    client, account = given.pop("client"), given.pop("bank_account")
    if client is not None:
        found = Client.objects.filter(public_id=client).values_list("pk", flat=True).first()
        if found is None:
            raise UnusableRule("client is not a client of this tenant.")
        given["client_id"] = found
    if account is not None:
        found = BankAccount.objects.filter(public_id=account).values_list("pk", flat=True).first()
        if found is None:
            raise UnusableRule("bank_account is not an account of this tenant.")
        given["bank_account_id"] = found
    if "payer_account" in given:
        given["payer_account_hash"], given["payer_account_last4"] = rules.payer_account(given.pop("payer_account"))
    elif kept is not None:
        given["payer_account_hash"], given["payer_account_last4"] = kept.payer_account_hash, kept.payer_account_last4
    return RuleDraft(**given)


def _read(input_class: type[StrictSerializer], request: Request) -> dict[str, Any]:
    given = input_class(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data


def _found(public_id: uuid.UUID) -> MatchingRule:
    found = rule_selectors.rules_in_order().filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _shown(public_id: uuid.UUID, code: int = status.HTTP_200_OK) -> Response:
    return Response(RuleOutput(_found(public_id)).data, status=code)


class InOrder(KeysetPagination):
    """In the order in which they are followed."""

    ordering = ("position", "id")


class RuleList(generics.ListAPIView[MatchingRule]):
    """The tenant's rules in order; POST adds one behind the others."""

    permission_classes = (requires("rules.view", writing="rules.change"),)
    serializer_class = RuleOutput
    pagination_class = InOrder
    query_class = PagedQuery

    def get_queryset(self) -> Any:
        """Read them with their hits."""
        queries.checked(self)
        return rule_selectors.rules_in_order()

    @extend_schema(request=RuleInput, responses={201: RuleOutput})
    def post(self, request: Request) -> Response:
        """Add a rule."""
        draft = _draft(_read(RuleInput, request))
        made = rules.create_rule(draft=draft, by=request.user, now=timezone.now())
        return _shown(made.public_id, status.HTTP_201_CREATED)


class RuleDetail(APIView):
    """One rule."""

    permission_classes = (requires("rules.view", writing="rules.change"),)

    @extend_schema(responses=RuleOutput)
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """Read it."""
        return _shown(public_id)

    @extend_schema(request=RuleInput, responses=RuleOutput)
    def put(self, request: Request, public_id: uuid.UUID) -> Response:
        """Change what it says."""
        draft = _draft(_read(RuleInput, request), _found(public_id))
        rules.change_rule(rule_id=public_id, draft=draft, by=request.user, now=timezone.now())
        return _shown(public_id)

    @extend_schema(request=PauseInput, responses=RuleOutput)
    def patch(self, request: Request, public_id: uuid.UUID) -> Response:
        """Pause it, or follow it again."""
        values = _read(PauseInput, request)
        _found(public_id)
        rules.pause_rule(rule_id=public_id, is_paused=values["is_paused"], by=request.user, now=timezone.now())
        return _shown(public_id)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, public_id: uuid.UUID) -> Response:
        """Remove it for good."""
        _found(public_id)
        rules.remove_rule(rule_id=public_id, by=request.user, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class RuleMove(APIView):
    """The place of a rule."""

    permission_classes = (requires("rules.change"),)

    @extend_schema(request=MoveInput, responses=RuleOutput)
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Let it change places with the one before or after it."""
        to = _read(MoveInput, request)["to"]
        _found(public_id)
        rules.move_rule(rule_id=public_id, up=to == "up", by=request.user, now=timezone.now())
        return _shown(public_id)


class RuleReplay(APIView):
    """Trying a rule on past payments; nothing is written."""

    permission_classes = (requires("rules.view"),)

    @extend_schema(request=ReplayInput, responses=ReplayOutput)
    def post(self, request: Request, public_id: uuid.UUID) -> Response:
        """Say what it would have matched, changed and done wrong."""
        now = timezone.now()
        since = rule_replay.since_day(now=now, since=_read(ReplayInput, request)["since"])
        result = rule_replay.replay(rules=[_found(public_id)], since=since, now=now)
        [tried] = result.rules
        answer = {
            "since": result.since,
            "looked_at": result.looked_at,
            "is_cut": result.is_cut,
            "would_match": tried.matches,
            "would_change": tried.changes,
            "would_have_been_wrong": tried.wrong,
            "examples": tried.examples,
        }
        return Response(ReplayOutput(answer).data)
