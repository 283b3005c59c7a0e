"""The language that somebody reads: of the pages they see and the mails they get."""

from accounts.models import User
from payymo.shared import languages


def choose(*, user: User, language: str) -> None:
    """Keep the language; empty for the browser's on pages, and the company's in mails.

    Raises: languages.UnusableLanguage; nothing is changed.
    """
    user.language = languages.check(language) if language else ""
    user.save(update_fields=["language"])
