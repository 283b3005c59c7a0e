"""What comes in over the API, checked."""

from typing import Any

from payymo.shared.api.serializers import StrictSerializer


def checked(shape: type[StrictSerializer], given: Any) -> dict[str, Any]:
    """Return the checked input.

    Raises: ValidationError.
    """
    checked = shape(data=given.dict() if hasattr(given, "dict") else given)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)
