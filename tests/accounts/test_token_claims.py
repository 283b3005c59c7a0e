import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone

from accounts.models import Membership, Session, SigningKey
from accounts.permissions import BUILTIN_ROLES
from accounts.services import sessions, signing_keys, tokens
from accounts.services.tokens import InvalidToken
from tests.accounts import forging


@pytest.fixture
def pair(acme, reviewer, signing_key_made):
    return sessions.open_session(membership=Membership.objects.get(user=reviewer, tenant=acme), now=timezone.now())


@pytest.fixture
def key(pair):
    return signing_keys.private_key(SigningKey.objects.get(retired_at=None))


@pytest.fixture
def header(pair):
    return forging.parts_of(pair.access)[0]


@pytest.fixture
def claims(pair):
    return forging.parts_of(pair.access)[1]


def test_an_access_token_claims_exactly_this(acme, reviewer, pair, header, claims):
    session = Session.objects.get()

    assert header == {"alg": "RS256", "typ": "JWT", "kid": SigningKey.objects.get(retired_at=None).kid}
    assert set(claims) == {
        "iss", "aud", "sub", "tenant_id", "sid", "jti", "iat", "nbf", "exp", "permissions", "token_type",
    }  # fmt: skip
    assert (claims["iss"], claims["aud"], claims["token_type"]) == ("payymo", "payymo:api", "access")
    assert (claims["sub"], claims["tenant_id"]) == (str(reviewer.public_id), str(acme.public_id))
    assert claims["sid"] == str(session.public_id)
    assert claims["permissions"] == sorted(BUILTIN_ROLES["reviewer"])
    assert (claims["exp"] - claims["iat"], claims["nbf"] - claims["iat"]) == (600, 0)
    assert abs(claims["iat"] - time.time()) < 600


def test_a_refresh_token_has_its_own_audience_and_carries_no_permission(pair):
    _, claims = forging.parts_of(pair.refresh)

    assert (claims["aud"], claims["token_type"]) == ("payymo:refresh", "refresh")
    assert "permissions" not in claims
    assert claims["exp"] - claims["iat"] == 12 * 3600


def test_each_token_has_an_id_of_its_own(pair):
    ids = {forging.parts_of(token)[1]["jti"] for token in (pair.access, pair.refresh)}

    assert len(ids) == 2


def test_both_tokens_stay_below_the_limit_for_the_role_with_the_most_rights(acme, owner):
    membership = Membership.objects.get(user=owner, tenant=acme)

    pair = sessions.open_session(membership=membership, now=timezone.now())

    assert max(len(pair.access), len(pair.refresh)) < tokens.LARGEST_TOKEN / 2


def test_a_forger_who_signs_like_us_is_the_control(pair, key, header, claims):
    """Everything below is refused for its own reason, since the unchanged copy is accepted."""
    assert tokens.AccessToken.read(forging.signed(header, claims, key))["sub"] == claims["sub"]


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_token_is_refused(pair, header, claims, algorithm):
    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(forging.unsigned({**header, "alg": algorithm}, claims))


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(pair, header, claims):
    public = SigningKey.objects.get(retired_at=None).public_pem.encode()
    for secret in (public, public.strip(), b"", header["kid"].encode()):
        with pytest.raises(InvalidToken):
            tokens.AccessToken.read(forging.hmac_signed({**header, "alg": "HS256"}, claims, secret))


@pytest.mark.parametrize("algorithm", ["PS256", "RS384", "RS512", "ES256", "EdDSA", "rs256", None, 256])
def test_any_other_algorithm_is_refused(pair, key, header, claims, algorithm):
    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(forging.signed({**header, "alg": algorithm}, claims, key))


def test_another_setting_signs_with_the_newer_padding_and_ends_what_was_signed_with_the_older(pair, settings):
    settings.TOKEN_ALGORITHM = "PS256"
    member = Membership.objects.get(user__email="reviewer@acme.example")
    made = sessions.open_session(membership=member, now=timezone.now())
    header, claims = forging.parts_of(made.access)
    key = signing_keys.private_key(SigningKey.objects.get(kid=header["kid"]))
    older = forging.signed({**header, "alg": "RS256"}, claims, key)

    assert header["alg"] == "PS256"
    assert tokens.AccessToken.read(made.access)["sub"] == claims["sub"]
    assert [entry["alg"] for entry in signing_keys.published_keys(now=timezone.now())] == ["PS256"]
    for refused in (pair.access, older, forging.signed(header, claims, key)):
        with pytest.raises(InvalidToken):
            tokens.AccessToken.read(refused)


@pytest.mark.parametrize(
    "more",
    [
        {"jku": "https://evil.example/keys"},
        {"jwk": {"kty": "RSA"}},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"b64": False},
        {"cty": "JWT"},
        {"zip": "DEF"},
    ],
)
def test_a_header_that_brings_anything_of_its_own_is_refused_though_rightly_signed(pair, key, header, claims, more):
    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(forging.signed({**header, **more}, claims, key))


@pytest.mark.parametrize("kid", [None, "", "x", "../../etc/passwd", 7, ["a"], {"a": 1}, "' OR 1=1 --", "a\u0000b"])
def test_an_unknown_key_id_is_refused(pair, key, header, claims, kid):
    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(forging.signed({**header, "kid": kid}, claims, key))


def test_a_missing_key_id_is_refused(pair, key, header, claims):
    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(forging.signed({"alg": "RS256", "typ": "JWT"}, claims, key))


def test_another_key_under_our_key_id_is_refused(pair, header, claims):
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(forging.signed(header, claims, foreign))


def test_a_header_that_names_the_algorithm_twice_is_refused(pair, key, header, claims):
    doubled = f'{{"alg":"none","alg":"RS256","typ":"JWT","kid":"{header["kid"]}"}}'.encode()

    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(forging.signed(doubled, claims, key))


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "payymo:refresh"},
        {"aud": ["payymo:api", "payymo:refresh"]},
        {"aud": ["payymo:api"]},
        {"iss": "somebody"},
        {"iss": ["payymo"]},
        {"token_type": "refresh"},
        {"token_type": None},
        {"sub": 1},
        {"sub": "1"},
        {"sub": "not-a-uuid"},
        {"sub": "00000000000000000000000000000001"},
        {"tenant_id": None},
        {"tenant_id": ["x"]},
        {"sid": ""},
        {"jti": 5},
        {"iat": "now"},
        {"nbf": "0"},
        {"nbf": 1.5},
        {"exp": None},
        {"exp": True},
        {"exp": 10**30},
        {"permissions": "all"},
        {"permissions": {"review.view": True}},
        {"permissions": [1]},
    ],
)
def test_a_claim_of_the_wrong_kind_is_refused_though_rightly_signed(pair, key, header, claims, change):
    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(forging.signed(header, {**claims, **change}, key))


@pytest.mark.parametrize(
    "name", ["iss", "aud", "sub", "tenant_id", "sid", "jti", "iat", "nbf", "exp", "permissions", "token_type"]
)
def test_a_missing_claim_is_refused(pair, key, header, claims, name):
    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(forging.signed(header, {k: v for k, v in claims.items() if k != name}, key))


def test_a_token_that_claims_to_live_longer_than_its_kind_is_refused(pair, key, header, claims):
    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(forging.signed(header, {**claims, "exp": claims["iat"] + 86_400}, key))


@pytest.mark.parametrize("shift", [{"iat": 3600}, {"nbf": 3600}, {"iat": 40, "nbf": 40}])
def test_a_token_from_the_future_is_refused(pair, key, header, claims, shift):
    moved = {**claims, **{name: claims[name] + seconds for name, seconds in shift.items()}}

    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(forging.signed(header, moved, key))


def test_an_access_token_ends_after_ten_minutes_and_a_leeway_below_30_s(acme, reviewer):
    membership = Membership.objects.get(user=reviewer, tenant=acme)
    start = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        pair = sessions.open_session(membership=membership, now=start)
        clock.shift(timedelta(seconds=600 + 9))
        assert tokens.AccessToken.read(pair.access)["sub"] == str(reviewer.public_id)

        clock.shift(timedelta(seconds=21))
        with pytest.raises(InvalidToken):
            tokens.AccessToken.read(pair.access)


def test_neither_kind_is_accepted_for_the_other(pair):
    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(pair.refresh)
    with pytest.raises(InvalidToken):
        tokens.RefreshToken.read(pair.access)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a.b", "a.b.c", "..", ".", "a.b.c.d", "é.é.é", "e30.e30.", None, 5, b"a.b.c", "W" * 4097, "[" * 4000],
)
def test_what_is_no_token_is_refused_and_not_an_error(db, text):
    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(text)


def test_a_deeply_nested_header_is_refused_and_not_an_error(pair, claims):
    nested = b"[" * 1400 + b"]" * 1400

    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(forging.unsigned(nested, b"{}"))


def test_a_token_above_4_kb_is_refused_though_rightly_signed(pair, key, header, claims):
    large = forging.signed(header, {**claims, "permissions": ["x" * 4000]}, key)

    assert len(large) > 4096
    with pytest.raises(InvalidToken):
        tokens.AccessToken.read(large)


def test_a_changed_letter_of_the_payload_or_signature_is_refused(pair):
    head, payload, signature = pair.access.split(".")
    other = "A" if payload[40] != "A" else "B"
    sig = "A" if signature[40] != "A" else "B"

    for changed in (
        f"{head}.{payload[:40]}{other}{payload[41:]}.{signature}",
        f"{head}.{payload}.{signature[:40]}{sig}{signature[41:]}",
        f"{head}.{payload}.",
    ):
        with pytest.raises(InvalidToken):
            tokens.AccessToken.read(changed)


def test_a_session_id_that_does_not_exist_opens_nothing(acme, pair, key, header, claims):
    unknown = forging.signed(header, {**claims, "sid": str(uuid.uuid4())}, key)

    with pytest.raises(InvalidToken):
        sessions.grant_of_access_token(access=unknown, tenant=acme, now=timezone.now())
