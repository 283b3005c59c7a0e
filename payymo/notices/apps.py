"""What happened that people should know, told once to each of them. Tenant schema."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Sees every app that something happens in; none of them knows that it exists."""

    name = "payymo.notices"
    label = "notices"

    def ready(self) -> None:
        """Say who writes the mails of notices."""
        from accounts.models import OutgoingMail
        from accounts.services.mailing import COMPOSERS
        from payymo.notices.services.letters import letter

        COMPOSERS[OutgoingMail.Kind.NOTICES] = letter
