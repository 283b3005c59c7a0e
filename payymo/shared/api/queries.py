"""The query of a list: the names a view knows, each once, and nothing else."""

from typing import Any

from rest_framework import serializers
from rest_framework.views import APIView

from payymo.shared.api.serializers import StrictSerializer
from payymo.shared.errors import BadInput


class PagedQuery(StrictSerializer):
    """What every list takes; a list's own filters derive from it."""

    cursor = serializers.CharField(max_length=200, required=False, help_text="From `next` or `previous`.")
    page_size = serializers.IntegerField(min_value=1, max_value=200, required=False)


class RepeatedParameter(BadInput):
    """A name that may be given once was given more than once; taking one of them would be a guess."""

    code = "repeated_parameter"


def checked(view: APIView) -> dict[str, Any]:
    """Return the view's query, read by its `query_class`.

    Raises: RepeatedParameter, ValidationError.
    """
    query_class: type[StrictSerializer] = getattr(view, "query_class", PagedQuery)
    several = {
        name for name, field in query_class().fields.items() if isinstance(field, serializers.MultipleChoiceField)
    }
    asked: dict[str, Any] = {}
    for name, values in view.request.query_params.lists():
        if len(values) > 1 and name not in several:
            raise RepeatedParameter(f"{name[:100]} is given {len(values)} times; once is enough.")
        asked[name] = values if name in several else values[0]
    given = query_class(data=asked)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
