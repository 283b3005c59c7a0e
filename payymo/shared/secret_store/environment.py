"""Secrets in environment variables of their names."""

from collections.abc import Mapping

from payymo.shared.secret_store.base import usable


class EnvironmentBackend:
    """Implements `Backend` on a mapping."""

    is_live = False

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def read(self, name: str) -> str:
        """Return the variable."""
        return usable(name, self._variables.get(name, ""), place="the environment")
