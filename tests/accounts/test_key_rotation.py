"""Rotating the master key: nothing is left on the old one, everything still opens, and it can be stopped anywhere."""

import base64
import io
import json

import pyotp
import pytest
from django.core.management import CommandError, call_command

from accounts.models import SigningKey, TotpDevice, User
from accounts.services import key_rotation, second_factor, signing_keys
from payymo.shared import crypto, master_key
from payymo.shared.master_key import read_ring
from tenants import context, sealing
from tenants.models import PlatformKey, TenantKey
from tests.factories import rows

NEW = bytes(range(32))


@pytest.fixture
def sealed_before(in_acme):
    """A tenant's secret, a second factor, a signing key and a hash, all from before the rotation."""
    person = User.objects.get(email="reviewer@acme.example")
    secret = second_factor.begin(user=person, issuer="Payymo").secret
    installation = rows.instance()
    hashed = sealing.platform_hash("DE1", purpose="bank-account-claim")
    SigningKey.objects.all().delete()
    signing_keys.signing_key(now=rows.NOW)
    return person, secret, installation, hashed


def new_key(settings):
    settings.OLD_MASTER_KEYS = {settings.MASTER_KEY_ID: settings.MASTER_KEY}
    settings.MASTER_KEY, settings.MASTER_KEY_ID = NEW, settings.MASTER_KEY_ID + 1


def everything_opens(person, secret, installation, hashed):
    installation.refresh_from_db()
    assert sealing.unseal(installation, "secret_sealed") == "secret"
    assert second_factor.pending(user=person, issuer="Payymo").secret == secret
    assert sealing.platform_hash("DE1", purpose="bank-account-claim") == hashed
    assert signing_keys.private_key(SigningKey.objects.get()).key_size == 3072


def test_after_a_rotation_everything_opens_without_the_old_key(sealed_before, settings):
    new_key(settings)
    everything_opens(*sealed_before)

    result = key_rotation.rotate()
    settings.OLD_MASTER_KEYS = {}

    everything_opens(*sealed_before)
    assert (result.moved, result.current, result.unreadable) == (TenantKey.objects.count() + 3, 0, 0)
    assert key_rotation.rotate().moved == 0


def test_a_rotation_that_was_stopped_goes_on(sealed_before, settings, monkeypatch):
    new_key(settings)
    real, sealed = master_key.seal, []

    def stopped(plain, *, bound_to):
        if len(sealed) == 2:
            raise KeyboardInterrupt
        sealed.append(bound_to)
        return real(plain, bound_to=bound_to)

    monkeypatch.setattr(master_key, "seal", stopped)
    with pytest.raises(KeyboardInterrupt):
        key_rotation.rotate()
    monkeypatch.undo()
    everything_opens(*sealed_before)

    result = key_rotation.rotate()

    assert result.current == 2
    everything_opens(*sealed_before)


def test_a_dry_run_changes_nothing(sealed_before, settings):
    new_key(settings)
    before = bytes(PlatformKey.objects.get().wrapped)
    out = io.StringIO()

    call_command("rotate_keys", dry_run=True, json=True, stdout=out)

    assert json.loads(out.getvalue())["moved"] == TenantKey.objects.count() + 3
    assert bytes(PlatformKey.objects.get().wrapped) == before


def test_a_missing_old_key_is_said_and_nothing_is_lost(sealed_before, settings):
    new_key(settings)
    kept, settings.OLD_MASTER_KEYS = settings.OLD_MASTER_KEYS, {}

    with pytest.raises(CommandError, match="PAYYMO_OLD_MASTER_KEYS") as refused:
        call_command("rotate_keys", stdout=io.StringIO())
    with pytest.raises(crypto.UnreadableSecret, match="is not configured"):
        second_factor.pending(user=sealed_before[0], issuer="Payymo")

    settings.OLD_MASTER_KEYS = kept
    assert refused.value.returncode == 1
    everything_opens(*sealed_before)


def test_a_value_of_another_row_does_not_open(sealed_before):
    device = TotpDevice.objects.get()
    other = User.objects.get(email="viewer@acme.example")
    TotpDevice.objects.create(user=other, secret_sealed=bytes(device.secret_sealed))

    with pytest.raises(crypto.UnreadableSecret):
        second_factor.pending(user=other, issuer="Payymo")


ONE, TWO = base64.b64encode(bytes(32)).decode(), base64.b64encode(NEW).decode()


@pytest.mark.parametrize(
    ("text", "old"),
    [("", ""), ("abc", ""), (ONE, "1"), (ONE, "2:abc"), (ONE, "x:" + TWO), (ONE, "1:" + TWO), (f"0:{ONE}", ""),
     (f"2:{ONE},2:{TWO}", ""), (f"70000:{ONE}", "")],
)  # fmt: skip
def test_master_keys_that_cannot_be_read_stop_the_start(text, old):
    with pytest.raises(ValueError, match="master key") as refused:
        read_ring(text, old=old)

    assert ONE not in str(refused.value)
    assert TWO not in str(refused.value)


@pytest.mark.parametrize(("text", "number", "old"), [(TWO, 2, f"1:{ONE}"), (f"2:{TWO},1:{ONE}", 7, "")])
def test_a_ring_of_master_keys_is_written_in_one_value_or_in_two(text, number, old):
    ring = read_ring(text, number=number, old=old)

    assert (ring.present, dict(ring.keys)) == (2, {2: NEW, 1: bytes(32)})
    assert str(NEW) not in repr(ring)


def test_the_codes_of_the_app_work_through_a_rotation(in_acme, settings):
    person = User.objects.get(email="reviewer@acme.example")
    app = pyotp.TOTP(second_factor.begin(user=person, issuer="Payymo").secret)
    new_key(settings)
    key_rotation.rotate()

    assert len(second_factor.confirm(user=person, tenant=None, code=app.at(rows.NOW), now=rows.NOW)) == 10
    assert context.current().slug == "acme"
