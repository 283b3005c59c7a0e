"""Licences: signed elsewhere, checked here without a connection, and asked only when something new is made."""

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Membership, Role, User
from accounts.permissions import PERMISSIONS
from accounts.services import members
from banking.models import BankConnection, BankTransaction
from banking.services import connecting
from matching.models import AutoApprovalPolicy
from matching.services import policy
from payments.services import connecting as stripe
from tenants import licence_keys
from tenants.licence_keys import Terms, UnusableLicence
from tenants.models import Licence, LicenceCheck
from tenants.services import licences
from tests.factories import rows

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SELLER = Ed25519PrivateKey.generate()
PUBLIC = SELLER.public_key().public_bytes_raw()


def terms(tenant, **more):
    begin = more.pop("begin", NOW - timedelta(days=1))
    return Terms(
        licence_id=str(uuid.uuid4()),
        tenant=str(tenant),
        plan="standard",
        issued_at=licence_keys.iso(begin),
        expires_at=licence_keys.iso(more.pop("end", NOW + timedelta(days=30))),
        **more,
    )


@pytest.fixture(autouse=True)
def licensed(settings):
    """An installation that asks for licences."""
    settings.LICENSE_PUBLIC_KEYS = [PUBLIC]


@pytest.fixture
def give(in_acme):
    def run(**more):
        key = licence_keys.sign(terms(in_acme.public_id, **more), SELLER)
        return licences.install(tenant=in_acme, key=key, now=NOW)

    return run


def state(tenant, now=NOW):
    return licences.standing(tenant=tenant, now=now, purpose="test").state


# --- The key ----------------------------------------------------------------------------------------------------------


@given(
    st.integers(0, 10_000) | st.none(), st.integers(0, 90), st.sampled_from([(), ("stripe",), ("automation", "stripe")])
)
def test_what_was_signed_is_what_is_read(users, grace, features):
    sold = terms(uuid.uuid4(), users=users, grace_days=grace, features=features)

    assert licence_keys.read(licence_keys.sign(sold, SELLER), [PUBLIC]) == sold


@given(st.data())
def test_no_letter_of_a_key_can_be_changed(data):
    key = licence_keys.sign(terms("6f2a6a0e-6a5c-4c43-b5a0-6a5a5a5a5a5a"), SELLER)
    place = data.draw(st.integers(0, len(key) - 3))
    letter = data.draw(st.sampled_from("ABCDEFGHabcdefgh0123456789-_."))

    changed = key[:place] + letter + key[place + 1 :]

    if changed != key:
        with pytest.raises(UnusableLicence):
            licence_keys.read(changed, [PUBLIC])


def test_another_sellers_key_is_refused_and_an_older_public_key_still_counts():
    key = licence_keys.sign(terms(uuid.uuid4()), SELLER)
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()

    with pytest.raises(UnusableLicence, match="not signed by"):
        licence_keys.read(key, [other])
    assert licence_keys.read(key, [other, PUBLIC]).plan == "standard"


@pytest.mark.parametrize("text", ["", "PML1", "PML1..", "PML1.AA.AA", "PML2.AA.AA", "x" * 9000, "PML1.é.é", "a.b.c"])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(UnusableLicence):
        licence_keys.read(text, [PUBLIC])


@pytest.mark.parametrize(
    "wrong",
    [
        {"users": -1}, {"grace_days": 91}, {"grace_days": -1}, {"features": ("everything",)},
        {"end": NOW - timedelta(days=2)},
    ],
)  # fmt: skip
def test_terms_that_make_no_sense_are_not_signed(wrong):
    with pytest.raises(UnusableLicence):
        licence_keys.sign(terms(uuid.uuid4(), **wrong), SELLER)


# --- In force ---------------------------------------------------------------------------------------------------------


def test_an_installation_without_a_public_key_asks_for_none(in_acme, settings):
    settings.LICENSE_PUBLIC_KEYS = []

    assert state(in_acme) == "not_needed"
    licences.require_room(tenant=in_acme, limit="users", used=10_000, now=NOW)
    assert LicenceCheck.objects.count() == 0


def test_the_state_over_a_licences_life(in_acme, give):
    assert state(in_acme) == "missing"
    give(end=NOW + timedelta(days=30), grace_days=14)

    assert state(in_acme) == "valid"
    assert state(in_acme, NOW + timedelta(days=31)) == "grace"
    assert state(in_acme, NOW + timedelta(days=45)) == "expired"


def test_each_verification_is_counted_with_its_outcome(in_acme, give):
    state(in_acme)
    give()
    state(in_acme)
    state(in_acme)

    found = LicenceCheck.objects.order_by("pk").values_list("outcome", "purpose", "checks", "last_at")
    assert list(found) == [("missing", "test", 1, NOW), ("valid", "test", 2, NOW)]


def test_a_row_that_was_changed_by_hand_changes_nothing_and_a_changed_key_holds_no_more(in_acme, give):
    give(users=1)
    Licence.objects.update(plan="unlimited", expires_at=NOW + timedelta(days=9000))
    with pytest.raises(licences.LicenceLimit, match="covers 1 users"):
        licences.require_room(tenant=in_acme, limit="users", used=1, now=NOW)

    Licence.objects.update(key=Licence.objects.get().key.replace("PML1.e", "PML1.f"))
    assert state(in_acme) == "invalid"


def test_another_companys_key_and_one_that_ended_are_not_installed(in_acme, globex, give):
    foreign = licence_keys.sign(terms(globex.public_id), SELLER)
    with pytest.raises(UnusableLicence, match="another company"):
        licences.install(tenant=in_acme, key=foreign, now=NOW)
    with pytest.raises(UnusableLicence, match="ended on"):
        give(begin=NOW - timedelta(days=90), end=NOW - timedelta(days=60))

    assert Licence.objects.count() == 0


def test_a_foreign_key_slipped_into_the_row_does_not_hold(in_acme, globex, give):
    give()
    Licence.objects.update(key=licence_keys.sign(terms(globex.public_id), SELLER))

    assert state(in_acme) == "invalid"


def test_an_older_licence_does_not_come_back(in_acme, give):
    old = licence_keys.sign(terms(in_acme.public_id, begin=NOW - timedelta(days=5)), SELLER)
    give(users=3)

    with pytest.raises(licences.LicenceUsed):
        licences.install(tenant=in_acme, key=old, now=NOW)


# --- Where it is asked ------------------------------------------------------------------------------------------------


@pytest.fixture
def add_connection(in_acme):
    def run(state="LINKED"):
        return BankConnection.objects.create(institution_id="X", institution_name="X", country="DE", state=state)

    return run


class NeverAsked:
    """A bank provider that must not be reached."""


def consent(renews=None):
    return connecting.start_consent(
        institution_id="X", user_id=1, redirect_url="https://x", provider=NeverAsked(), now=NOW, renews=renews
    )


def test_a_bank_beyond_the_licence_is_refused_before_anybody_is_asked_and_a_renewal_is_not(give, add_connection):
    give(bank_connections=1)
    known = add_connection()
    add_connection("REVOKED")

    with pytest.raises(licences.LicenceLimit, match=r"covers 1 bank connections, and 1 are in use\. Nothing was added"):
        consent()
    with pytest.raises(AttributeError, match="institution"):
        consent(renews=known)


def test_stripe_needs_its_feature(give):
    give(features=("automation",))

    with pytest.raises(licences.LicenceLimit, match="does not cover stripe"):
        stripe.connect_with_restricted_key(key="rk_test_1", webhook_secret="", now=NOW)


def test_a_member_beyond_the_licence_is_not_resumed_and_the_others_stay(give, in_acme):
    give(users=4)
    ended = User.objects.create_user("ended@acme.example")
    row = Membership.objects.create(
        user=ended, tenant=in_acme, role=Role.objects.get(code="viewer", tenant=None), is_active=False
    )

    with pytest.raises(licences.LicenceLimit, match="covers 4 users, and 4 are in use"):
        members.change_member(membership=row, granted=frozenset(PERMISSIONS), is_active=True, now=NOW)

    assert Membership.objects.filter(tenant=in_acme, is_active=True).count() == 4


@pytest.fixture
def automation(in_acme, owner):
    AutoApprovalPolicy.objects.create(
        is_on=True, bands=["exact"], least_probability=0.95, changed_at=NOW, changed_by_id=owner.pk
    )


@pytest.mark.parametrize(
    ("sold", "runs"),
    [
        ({}, True),
        ({"transactions": 2}, True),
        ({"transactions": 1}, False),
        ({"features": ("stripe",)}, False),
        (None, False),
    ],
)
def test_automation_stops_over_the_limit_and_what_came_in_stays(give, in_acme, automation, sold, runs):
    present = datetime.now(UTC)
    if sold is not None:
        key = terms(in_acme.public_id, begin=present - timedelta(days=1), end=present + timedelta(days=30), **sold)
        licences.install(tenant=in_acme, key=licence_keys.sign(key, SELLER), now=present)
    for _ in range(2):
        rows.transfer("INV-1", "5.00")

    assert policy.is_covered(now=present) == runs
    assert policy.auto_approve(now=present).approved == 0
    assert BankTransaction.objects.count() == 2


def test_turning_automation_on_needs_a_licence_and_turning_it_off_none(in_acme, owner, automation):
    def change(is_on):
        policy.change_policy(
            is_on=is_on, bands=["exact"], least_probability=0.95, largest_amount=None, bank_account_ids=[],
            include_stripe=False, changed_by=owner, now=NOW,
        )  # fmt: skip

    change(is_on=False)
    with pytest.raises(licences.LicenceLimit, match="No licence is installed"):
        change(is_on=True)
    assert policy.current_policy().is_on is False


# --- Commands ---------------------------------------------------------------------------------------------------------


def test_a_licence_is_sold_with_a_key_of_ones_own_and_verified(acme, tmp_path, settings):
    def run(name, **options):
        out = StringIO()
        call_command(name, stdout=out, **options)
        return out.getvalue().strip()

    pem = tmp_path / "seller.pem"
    public = run("issue_license", new_key=True, private_key_file=pem)
    assert pem.stat().st_mode & 0o777 == 0o600
    settings.LICENSE_PUBLIC_KEYS = [base64.b64decode(public)]
    with pytest.raises(CommandError, match="No licence is installed"):
        run("verify_license", tenant="acme")

    key = run("issue_license", tenant="acme", private_key_file=pem, users=7, feature=["stripe"], install=True)

    (tmp_path / "key.txt").write_text(key)
    told = json.loads(run("verify_license", tenant="acme", json=True))
    assert (told["state"], told["users"], told["features"]) == ("valid", 7, ["stripe"])
    assert (
        json.loads(run("verify_license", key_file=tmp_path / "key.txt", json=True))["licence_id"] == told["licence_id"]
    )
    with pytest.raises(CommandError):
        run("issue_license", new_key=True, private_key_file=pem)
    with pytest.raises(CommandError, match="Which key signs"):
        run("issue_license", tenant="acme")
