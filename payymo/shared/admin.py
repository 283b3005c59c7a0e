"""The base of every staff list: rows that only services write."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.formats import number_format

from payymo.shared.money import MoneyField, exponent


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at, never to edit; sealed columns are left out by naming the fields that are shown."""

    list_per_page = 50
    show_full_result_count = False

    def get_list_display(self, request: HttpRequest) -> Any:
        """Show amounts in their currency's own digits."""
        return self._with_amounts(super().get_list_display(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show a row's amounts in their currency's own digits, too, and sentences without what they are made of."""
        return self._with_amounts(
            [name for name in super().get_fields(request, obj) if not str(name).endswith("_said")]
        )

    def _with_amounts(self, names: Any) -> list[Any]:
        fields = {field.name: field for field in self.model._meta.concrete_fields}
        return [
            _amount(fields[name]) if isinstance(fields.get(name), MoneyField) and "currency" in fields else name
            for name in names
        ]

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


def _amount(field: MoneyField) -> Callable[[Model], str]:
    @admin.display(description=field.verbose_name, ordering=field.name)
    def shown(row: Model) -> str:
        value = getattr(row, field.name)
        return "–" if value is None else number_format(value, decimal_pos=exponent(row.currency))  # type: ignore[attr-defined]

    # The admin makes the cell's class of it.
    shown.__name__ = field.name
    return shown
