import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import SigningKey
from accounts.services import signing_keys
from accounts.tasks import keep_signing_keys
from payymo.shared import crypto
from tenants.models import PlatformEntry
from tests.accounts.conftest import PASSWORD
from tests.accounts.forging import parts_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def no_keys(db):
    SigningKey.objects.all().delete()


def test_the_first_use_makes_a_key_of_3072_bits_and_the_next_uses_it(no_keys):
    first = signing_keys.signing_key(now=NOW)
    second = signing_keys.signing_key(now=NOW + timedelta(days=89))

    assert first == second
    assert signing_keys.private_key(first).key_size == 3072
    assert (first.algorithm, SigningKey.objects.count()) == ("RS256", 1)


def test_the_stored_private_half_is_sealed_and_opens_for_its_own_row_only(no_keys):
    key = signing_keys.signing_key(now=NOW)
    sealed = bytes(key.private_sealed)

    assert b"PRIVATE" not in sealed
    other = SigningKey(kid="another", private_sealed=sealed)
    with pytest.raises(crypto.UnreadableSecret):
        signing_keys.private_key(other)


def test_another_master_key_does_not_open_it(no_keys, settings):
    key = signing_keys.signing_key(now=NOW)
    signing_keys._unsealed.cache_clear()
    settings.MASTER_KEY = bytes(32)

    with pytest.raises(crypto.UnreadableSecret):
        signing_keys.private_key(key)


def published(now):
    return [entry["kid"] for entry in signing_keys.published_keys(now=now)]


def signs(now):
    return signing_keys.signing_key(now=now).kid


def test_a_new_key_is_published_before_it_signs_and_the_old_one_verifies_until_its_tokens_are_over(no_keys):
    old = signing_keys.signing_key(now=NOW)

    new = signing_keys.rotate_signing_key(now=NOW)

    switch, over = NOW + timedelta(minutes=10), NOW + timedelta(minutes=10, hours=12, seconds=60)
    assert published(NOW) == [new.kid, old.kid]
    assert signs(switch - timedelta(seconds=1)) == old.kid
    assert signs(switch) == new.kid
    assert published(over - timedelta(seconds=1)) == [new.kid, old.kid]
    assert published(over) == [new.kid]
    assert signing_keys.verifying_key(kid=old.kid, now=over) is None


def test_beat_rotates_after_90_days_and_not_before(no_keys):
    assert signing_keys.rotate_when_due(now=NOW) is None
    old = signing_keys.signing_key(now=NOW)

    assert signing_keys.rotate_when_due(now=NOW + timedelta(days=89, hours=23)) is None
    new = signing_keys.rotate_when_due(now=NOW + timedelta(days=90))
    assert new.kid != old.kid
    assert signing_keys.rotate_when_due(now=NOW + timedelta(days=90, hours=1)) is None
    assert SigningKey.objects.count() == 2


def test_the_job_of_beat_rotates_erases_and_deletes(no_keys):
    with time_machine.travel(NOW, tick=False) as clock:
        old = signing_keys.signing_key(now=NOW)
        clock.move_to(NOW + timedelta(days=90))
        keep_signing_keys()
        clock.move_to(NOW + timedelta(days=90, hours=1))
        keep_signing_keys()
        old.refresh_from_db()
        assert (bytes(old.private_sealed), SigningKey.objects.count()) == (b"", 2)
        clock.move_to(NOW + timedelta(days=91))
        keep_signing_keys()

    assert not SigningKey.objects.filter(pk=old.pk).exists()
    assert PlatformEntry.objects.filter(action="keys.signing_rotated").count() == 1


def test_calling_it_again_while_a_key_waits_makes_no_other(no_keys):
    signing_keys.signing_key(now=NOW)

    made = [signing_keys.rotate_signing_key(now=NOW + timedelta(minutes=minute)).kid for minute in (0, 1, 9)]

    assert len(set(made)) == 1
    assert signing_keys.rotate_signing_key(now=NOW + timedelta(minutes=10)).kid != made[0]


def test_tokens_of_before_and_after_a_rotation_work_side_by_side(no_keys, acme_api):
    start = datetime.now(tz=UTC)
    with time_machine.travel(start, tick=False) as clock:
        before = acme_api.sign_in("reviewer@acme.example")
        signing_keys.rotate_signing_key(now=start)
        clock.shift(timedelta(minutes=9))
        waiting = acme_api.sign_in("viewer@acme.example")
        clock.shift(timedelta(minutes=2))
        after = acme_api.sign_in("owner@acme.example")
        refreshed = acme_api.post("auth/token/refresh/", {"refresh": before["refresh"]}).json()

        kids = [parts_of(pair["access"])[0]["kid"] for pair in (before, waiting, after, refreshed)]
        assert (kids[0] == kids[1], kids[2] == kids[3], kids[0] != kids[2]) == (True, True, True)
        for pair in (waiting, after, refreshed):
            assert acme_api.get("auth/me/", token=pair["access"]).status_code == 200


def test_after_a_theft_no_older_token_works_and_new_ones_do(no_keys, acme_api):
    before = acme_api.sign_in("reviewer@acme.example")

    call_command("rotate_signing_key", stolen=True)

    assert acme_api.get("auth/me/", token=before["access"]).status_code == 401
    assert acme_api.post("auth/token/refresh/", {"refresh": before["refresh"]}).status_code == 401
    after = acme_api.sign_in("reviewer@acme.example")
    assert acme_api.get("auth/me/", token=after["access"]).status_code == 200
    assert SigningKey.objects.count() == 1


def test_the_command_says_since_when_the_new_key_signs(no_keys, capsys):
    signing_keys.signing_key(now=datetime.now(tz=UTC))

    call_command("rotate_signing_key", json=True)

    said = json.loads(capsys.readouterr().out)
    row = SigningKey.objects.get(kid=said["kid"])
    assert (said["signs_from"], row.signs_from > datetime.now(tz=UTC)) == (row.signs_from.isoformat(), True)


def test_eight_rotations_at_once_while_others_sign_in_make_one_key_and_break_no_token(committed, server):
    SigningKey.objects.all().delete()
    now = datetime.now(tz=UTC)
    signing_keys.signing_key(now=now)

    def act(place):
        if place % 2:
            try:
                return signing_keys.rotate_signing_key(now=now).kid
            finally:
                connection.close()
        body = {"email": f"{['owner', 'admin', 'reviewer', 'viewer'][place // 4]}@acme.example", "password": PASSWORD}
        return server.post("/api/v1/auth/token/", body).json()["access"]

    done = server.at_once(16, act)

    assert len(set(done[1::2])) == 1
    assert SigningKey.objects.count() == 2
    for access in done[::2]:
        assert server.post("/api/v1/auth/token/verify/", {"token": access}).status_code == 200
    SigningKey.objects.all().delete()
    connection.close()


def test_the_published_set_holds_public_parts_only_and_is_the_key_that_signs(no_keys, acme):
    key = signing_keys.signing_key(now=datetime.now(tz=UTC))

    answer = Client().get("/.well-known/jwks.json", headers={"host": "acme.localhost"})

    [entry] = json.loads(answer.content)["keys"]
    assert (answer.status_code, answer["Cache-Control"]) == (200, "public, max-age=300")
    assert set(entry) == {"kty", "kid", "use", "alg", "n", "e"}
    assert (entry["kty"], entry["kid"], entry["use"], entry["alg"]) == ("RSA", key.kid, "sig", "RS256")
    from jwt.algorithms import RSAAlgorithm

    public = RSAAlgorithm.from_jwk(json.dumps(entry))
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert pem.decode() == key.public_pem


def test_a_key_row_of_another_algorithm_is_neither_used_nor_published(no_keys):
    key = signing_keys.signing_key(now=NOW)
    SigningKey.objects.filter(pk=key.pk).update(algorithm="HS256")

    assert signing_keys.verifying_key(kid=key.kid, now=NOW) is None
    assert signing_keys.published_keys(now=NOW) == []


def test_eight_first_uses_at_once_make_one_key(committed, server):
    SigningKey.objects.all().delete()

    def sign_in(place):
        roles = ["owner", "admin", "reviewer", "viewer"]
        credentials = {"email": f"{roles[place % 4]}@acme.example", "password": "correct horse battery"}
        return server.post("/api/v1/auth/token/", credentials)

    answers = server.at_once(8, sign_in)

    assert [answer.status_code for answer in answers] == [200] * 8
    assert SigningKey.objects.count() == 1
    connection.close()
