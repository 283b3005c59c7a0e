"""The base of every staff list: rows that only services write."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at, never to edit; sealed columns are left out by naming the fields that are shown."""

    list_per_page = 50
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show it to whoever may enter the site."""
        return True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show it to whoever may enter the site."""
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False
