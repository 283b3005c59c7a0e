"""Whether following a rule was right: said by what people decide afterwards."""

from matching.locks import Receipt
from matching.models import Decision
from matching.rule_models import MatchingRule, RuleHit
from matching.services.decisions import about

Action = MatchingRule.Action
_BY_PEOPLE = (Decision.Source.PERSON, Decision.Source.STAFF)


def judge(receipt: Receipt) -> None:
    """Mark the hits about a locked payment as right or wrong after a decision or an undo; one query without hits."""
    hits = list(RuleHit.objects.filter(**about(receipt)).select_related("rule"))
    if not hits:
        return
    decisions = list(Decision.objects.filter(**about(receipt)).select_related("undone_by").order_by("pk"))
    live = [each for each in decisions if each.kind != Decision.Kind.UNDO and not hasattr(each, "undone_by")]
    kept = receipt.allocations.filter(decision__in=live, reverses=None)
    clients = set(kept.values_list("invoice__client_id", flat=True))
    has_fee = kept.filter(fee__gt=0).exists()
    is_ignored = any(each.kind == Decision.Kind.IGNORE and each.source in _BY_PEOPLE for each in live)
    undone = [each for each in decisions if hasattr(each, "undone_by")]
    for hit in hits:
        wrong = _is_wrong(hit.rule, clients=clients, has_fee=has_fee, is_ignored=is_ignored, undone=undone)
        if wrong != hit.is_wrong:
            hit.is_wrong = wrong
            hit.save(update_fields=["is_wrong"])


def _is_wrong(
    rule: MatchingRule, *, clients: set[int], has_fee: bool, is_ignored: bool, undone: list[Decision]
) -> bool:
    if rule.action in (Action.SET_CLIENT, Action.SUGGEST_CLIENT):
        return is_ignored or (bool(clients) and rule.client_id not in clients)
    if rule.action == Action.IGNORE:
        return bool(clients) or any(each.rule_id == rule.pk for each in undone)
    if rule.action == Action.ALLOW_AUTOMATION:
        return any(each.source == Decision.Source.POLICY for each in undone)
    return rule.action == Action.WRITE_OFF_FEE and bool(clients) and not has_fee
