"""Keyset paging: `?cursor=&page_size=`, at most 200 rows, no count of everything."""

from rest_framework.pagination import CursorPagination


class KeysetPagination(CursorPagination):
    """Newest first, stable while rows are added."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    cursor_query_param = "cursor"
    ordering = ("-id",)
