"""What is noted about entries, statements and answers beside what readers refuse, and the words of what was kept."""

from collections.abc import Mapping
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from banking.core.continuity import Gap
from banking.parsers.problems import EntryProblem, FileProblem
from payymo.shared import sentences
from payymo.shared.sentences import Money, Sentence, Value


class Note(TextChoices):
    """What a person should look at, though it may be stored."""

    AMENDED_TEXT = (
        "amended_text",
        _("The bank changed the text of an entry that is already stored. The stored one was kept."),
    )
    AMOUNT_TOO_LARGE = "amount_too_large", _("The amount is larger than an account can hold.")
    CHANGED_FACTS = (
        "changed_facts",
        _("The bank now tells another amount or day for an entry that is already stored. The stored one was kept."),
    )
    CURRENCY_DIFFERS = "currency_differs", _("The entry is in %(currency)s, the account is in %(account)s.")
    CURRENCY_MISSING = "entry_currency_missing", _("The entry is in no currency, the account is in %(account)s.")
    LEFT_UNREAD = "left_unread", _("Not imported: a person said that another connection brings this account.")
    MAYBE_KNOWN = (
        "maybe_known",
        _("Another source has a like entry on a day beside this one. Both are kept; please check."),
    )
    ONE_SUM = "one_sum", _("Another source has this batch as one sum. The single payments were not stored beside it.")
    OTHER_ID = "other_id", _("The bank sent this entry a second time under another id. It was not stored twice.")
    PROVIDER_SAYS = "provider_says", _("%(provider)s says: “%(text)s”")
    STATEMENT_MISSING = (
        "statement_missing",
        _(
            "Between %(after)s and %(before)s a statement is missing: the balance moved by %(money)s that no file "
            "shows. Import it too."
        ),
    )
    STATEMENT_MISSING_NUMBER = (
        "statement_missing_number",
        _(
            "Between %(after)s and %(before)s a statement is missing (number %(first)s): the balance moved by "
            "%(money)s that no file shows. Import it too."
        ),
    )
    STATEMENT_MISSING_NUMBERS = (
        "statement_missing_numbers",
        _(
            "Between %(after)s and %(before)s statements are missing (numbers %(first)s to %(last)s): the balance "
            "moved by %(money)s that no file shows. Import them too."
        ),
    )
    STATEMENT_NUMBER = (
        "statement_number",
        _("Between %(after)s and %(before)s a statement is missing (number %(first)s). Import it too."),
    )
    STATEMENT_NUMBERS = (
        "statement_numbers",
        _("Between %(after)s and %(before)s statements are missing (numbers %(first)s to %(last)s). Import them too."),
    )
    VANISHED = "vanished", _("The bank no longer shows an entry of %(day)s that is stored. It was kept.")


def about_gap(gap: Gap, currency: str) -> Sentence:
    """Say what is missing between two statements, for the person who can fetch it."""
    values: dict[str, Value] = {"after": gap.after, "before": gap.before}
    if gap.missing is not None:
        values["money"] = Money(gap.missing, currency)
    if gap.numbers is None:
        return Sentence(Note.STATEMENT_MISSING, values)
    first, last = gap.numbers
    values["first"] = str(first)
    if first == last:
        return Sentence(Note.STATEMENT_NUMBER if gap.missing is None else Note.STATEMENT_MISSING_NUMBER, values)
    values["last"] = str(last)
    return Sentence(Note.STATEMENT_NUMBERS if gap.missing is None else Note.STATEMENT_MISSING_NUMBERS, values)


def worded(kept: Mapping[str, Any]) -> str:
    """Return the words of a kept refusal or note in the active language.

    Shape: what was kept without a code, or with one that is known no more, is shown as it was worded then.
    """
    sentence = sentences.from_dict(kept, (EntryProblem, FileProblem, Note))
    return str(sentence) if sentence else str(kept.get("reason", ""))
