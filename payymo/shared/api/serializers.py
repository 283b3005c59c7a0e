"""The base of every serializer that reads input."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


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
