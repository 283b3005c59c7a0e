"""Keyset paging: `?cursor=&page_size=`, at most 200 rows, no count of everything."""

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from payymo.shared.api import queries


class KeysetPagination(CursorPagination):
    """Newest first, stable while rows are added. A query that the view does not know is refused, not ignored."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    cursor_query_param = "cursor"
    ordering = ("-id",)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """Check the query, then take the page."""
        if view is not None:
            queries.checked(view)
        return super().paginate_queryset(queryset, request, view)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Leave it to the query's own description."""
        return []
