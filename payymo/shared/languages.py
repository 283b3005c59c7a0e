"""The languages of Payymo, and writing in one without the next request or task speaking it too."""

from contextlib import AbstractContextManager

from django.conf import settings
from django.utils.translation import gettext, override

from payymo.shared.errors import BadInput


class UnusableLanguage(BadInput):
    """Payymo does not speak this language."""

    code = "unusable_language"


def check(language: str) -> str:
    """Return the language if Payymo has it.

    Raises: UnusableLanguage, with those that it has.
    """
    if language not in dict(settings.LANGUAGES):
        known = ", ".join(code for code, _ in settings.LANGUAGES)
        raise UnusableLanguage(gettext("Choose one of the languages that Payymo has: %s.") % known)
    return language


def first_of(*wanted: str) -> str:
    """Return the first that is set; the installation's where none is."""
    return next(filter(None, wanted), settings.LANGUAGE_CODE)


def speaking(*wanted: str) -> AbstractContextManager[None]:
    """Write in the first of these that is set, and in what was spoken before once it is over."""
    return override(first_of(*wanted))
