"""The mail server's password is looked up in the store of secrets: a new one is used, a missing one stops mail only."""

import pytest

from accounts.models import OutgoingMail
from accounts.services import mailing
from payymo.shared.mail import StoredServerBackend
from payymo.shared.secret_store.base import SecretMissing, SecretUnreadable
from payymo.shared.secret_store.store import SecretStore
from tenants import breakers
from tests.accounts.test_mailing import NOW, waiting  # noqa: F401 - a fixture

URL = "smtp+tls://payymo:first-password@mail.example:587"


class Backend:
    is_live = True

    def __init__(self):
        self.held = {"PAYYMO_MAIL_URL": URL}

    def read(self, name):
        if name not in self.held:
            raise SecretMissing(name, "it is not there.")
        return self.held[name]


@pytest.fixture
def backend(settings):
    made = Backend()
    settings.SECRETS = SecretStore(made, fresh_seconds=0.0)
    return made


def test_a_new_password_is_used_without_a_restart(backend):
    before = StoredServerBackend()
    backend.held["PAYYMO_MAIL_URL"] = URL.replace("first", "second")
    after = StoredServerBackend(fail_silently=True)

    assert (before.host, before.port, before.use_tls) == ("mail.example", 587, True)
    assert (before.password, after.password) == ("first-password", "second-password")


@pytest.mark.parametrize("url", ["http://mail.example", "mail.example", "filemail:", "smtp+tls://host:port"])
def test_what_is_no_mail_server_is_said_without_showing_it(backend, url):
    backend.held["PAYYMO_MAIL_URL"] = url

    with pytest.raises(SecretUnreadable) as refused:
        StoredServerBackend()

    assert url not in str(refused.value)


def test_in_production_a_plain_connection_is_for_this_machine_only(backend, settings):
    settings.PRODUCTION = True
    backend.held["PAYYMO_MAIL_URL"] = "smtp://payymo:first-password@mail.example:25"

    with pytest.raises(SecretUnreadable, match="must be smtp"):
        StoredServerBackend()


def test_without_it_mail_waits_and_nothing_else_and_goes_on_by_itself(waiting, backend, settings):  # noqa: F811
    settings.EMAIL_BACKEND = "payymo.shared.mail.StoredServerBackend"
    backend.held.clear()
    mail = OutgoingMail.objects.get()

    assert mailing.send_due(tenant=mail.tenant, now=NOW) == 0
    mail.refresh_from_db()
    assert (mail.attempts, mail.dropped_as, mail.due_at) == (0, "", NOW + breakers.LEFT_ALONE)
    assert list(breakers.features_off()) == ["mail"]

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert mailing.send_due(tenant=mail.tenant, now=NOW + breakers.LEFT_ALONE) == 1
    assert breakers.features_off() == {}
