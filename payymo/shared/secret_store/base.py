"""What a store of secrets offers and how it fails. No message and no representation here ever holds a secret."""

from typing import Protocol

LONGEST_SECRET = 64 * 1024


class SecretUnavailable(Exception):
    """A secret cannot be had now; `name` is which. The message says where it was looked for and what to do."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


class SecretMissing(SecretUnavailable):
    """The store answers and does not have it."""


class SecretUnreadable(SecretUnavailable):
    """The store does not answer, does not let us in, or what it holds cannot be used."""


class Backend(Protocol):
    """A place that holds secrets by name."""

    is_live: bool
    """Whether what it holds can change while this process runs."""

    def read(self, name: str) -> str:
        """Return the secret as it is now.

        Raises: SecretMissing, SecretUnreadable.
        """


def field(name: str, held: object, *, place: str) -> str:
    """Return one field of an entry that holds several secrets by name.

    Raises: SecretMissing; SecretUnreadable when the field is not a text.
    """
    if not isinstance(held, dict):
        raise SecretUnreadable(name, f"{place} is not an object with fields by name.")
    value = held.get(name, "")
    if not isinstance(value, str):
        raise SecretUnreadable(name, f"the field in {place} is not a text.")
    return usable(name, value, place=place)


def usable(name: str, value: str, *, place: str) -> str:
    """Return a secret without the line break at its end.

    Raises: SecretMissing when it is empty; SecretUnreadable when it is too long.
    """
    value = value.rstrip("\r\n")
    if not value:
        raise SecretMissing(name, f"it is not in {place}, or empty there.")
    if len(value) > LONGEST_SECRET:
        raise SecretUnreadable(name, f"it is longer than 64 KiB in {place}.")
    return value
