"""Collects the texts that people read and writes the files of each language."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from payymo.dashboard import catalogue


class Command(BaseCommand):
    """For developers: after a text was added or a translation edited."""

    help = "Collects every marked text, keeps the translations there are, and compiles them."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when a translation is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        languages = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
        missing = {}
        for language in languages:
            catalog = catalogue.updated(language)
            missing[language] = catalogue.missing(catalog)
            if not options["check"]:
                catalogue.write(language, catalog)
            self.stdout.write(f"{language}: {len(catalog)} texts, {len(missing[language])} without a translation")
        if options["check"] and any(missing.values()):
            first = next(texts[0] for texts in missing.values() if texts)
            raise CommandError(f"Not translated, among others: {first!r}", returncode=2)
