import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from django.db import connection
from django.test import Client

from accounts.models import SigningKey
from accounts.services import signing_keys
from payymo.shared import crypto

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


def test_after_90_days_a_new_key_signs_and_the_old_one_verifies_until_its_last_token_has_expired(no_keys):
    old = signing_keys.signing_key(now=NOW)
    later = NOW + timedelta(days=90)

    new = signing_keys.signing_key(now=later)

    old.refresh_from_db()
    assert (new.kid != old.kid, old.retired_at) == (True, later)
    assert old.verifies_until == later + timedelta(hours=12, seconds=60)
    assert signing_keys.verifying_key(kid=old.kid, now=later + timedelta(hours=12)) == old.public_pem
    assert signing_keys.verifying_key(kid=old.kid, now=later + timedelta(hours=13)) is None
    assert [entry["kid"] for entry in signing_keys.published_keys(now=later)] == [new.kid, old.kid]
    assert [entry["kid"] for entry in signing_keys.published_keys(now=later + timedelta(hours=13))] == [new.kid]


def test_rotating_on_purpose_retires_the_key_at_once(no_keys):
    old = signing_keys.signing_key(now=NOW)

    new = signing_keys.rotate_signing_key(now=NOW)

    assert signing_keys.signing_key(now=NOW) == new != old


def test_the_published_set_holds_public_parts_only_and_is_the_key_that_signs(no_keys, acme):
    key = signing_keys.rotate_signing_key(now=datetime.now(tz=UTC))

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
