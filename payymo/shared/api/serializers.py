"""The base of every serializer that reads input, and how amounts are written."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from rest_framework import serializers

from payymo.shared.money import quantized


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know: a misspelt field must not be silently ignored."""

    def to_internal_value(self, data: Any) -> Any:
        """Check names, then values.

        Raises: ValidationError.
        """
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = [str(name)[:100] for name in data if name not in known]
            if unknown:
                message = serializers.ErrorDetail("This field is not known.", code="unknown")
                raise serializers.ValidationError({name: [message] for name in unknown[:20]})
        return super().to_internal_value(data)


class NothingInput(StrictSerializer):
    """A body without fields."""


class OwnDigits(serializers.CharField):
    """An amount of the row, written with its currency's own digits; null when it is not known.

    Shape: `currency` is the path from the row to the code, such as `invoice.currency`; `of` is the row's name for the
    amount where it is another than the field's.
    """

    def __init__(self, *, currency: str = "currency", of: str = "") -> None:
        super().__init__(read_only=True, allow_null=True)
        self._currency, self._of = attrgetter(currency), of

    def get_attribute(self, instance: Any) -> Any:
        """Hand over the whole row: the digits depend on its currency."""
        return instance

    def to_representation(self, value: Any) -> str | None:  # type: ignore[override]
        """Write the amount."""
        amount = getattr(value, self._of or str(self.field_name))
        return None if amount is None else str(quantized(amount, self._currency(value)))
