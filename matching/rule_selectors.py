"""What the Rules pages and the API read of rules. Nothing here writes."""

from django.db.models import Count, Q, QuerySet

from matching.rule_models import MatchingRule


def rules_in_order() -> QuerySet[MatchingRule]:
    """Return the rules that are not removed, in order, each with `hit_count`, `wrong_count` and what it names."""
    return (
        MatchingRule.objects.filter(removed_at=None)
        .select_related("client", "bank_account")
        .annotate(
            hit_count=Count("hits", distinct=True),
            wrong_count=Count("hits", filter=Q(hits__is_wrong=True), distinct=True),
        )
        .order_by("position", "pk")
    )
