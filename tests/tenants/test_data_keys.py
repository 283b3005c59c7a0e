"""A tenant's keys: what they open and what not, and changing the sealing key while the tenant is served."""

import io
import json
import threading
import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import IdempotencyRecord
from accounts.services import key_rotation
from banking.models import BankAccount, BankTransaction, RawFetch
from payymo.shared import crypto
from payymo.shared.crypto import UnreadableSecret
from tenants import context, sealing
from tenants.models import TenantKey
from tenants.services import data_keys
from tenants.tasks import rotate_data_key
from tests.factories import rows
from whmcs.models import WhmcsInstance

NOW_KEY = timedelta(0)
TWO_HOURS = timedelta(hours=2)


@pytest.fixture(autouse=True)
def first_key_again(request):
    """Later tests find the tenants with the keys they had; a committed test brings its own."""
    tenant = request.getfixturevalue("committed_acme") if "committed_acme" in request.fixturenames else None
    yield
    if tenant is not None:
        TenantKey.objects.filter(tenant=tenant).delete()
        sealing.create_keys(tenant)


def numbers(*values):
    return {crypto.key_id_of(bytes(value)) for value in values}


def begin_anew():
    return data_keys.rotate(now=timezone.now(), older_than=NOW_KEY)


def end_it():
    return data_keys.rotate(now=timezone.now() + TWO_HOURS)


def sealed_row(text="secret"):
    row = WhmcsInstance(name="Billing", base_url=f"https://{uuid.uuid4()}.example")
    row.identifier_sealed = sealing.seal(row, "identifier_sealed", "identifier")
    row.secret_sealed = sealing.seal(row, "secret_sealed", text)
    row.save()
    return row


class TestBinding:
    @pytest.fixture
    def row(self, in_acme):
        return sealed_row()

    def test_a_value_of_another_row_does_not_open(self, row):
        other = sealed_row("other")
        other.secret_sealed = row.secret_sealed

        with pytest.raises(UnreadableSecret):
            sealing.unseal(other, "secret_sealed")

    def test_a_value_of_another_column_does_not_open(self, row):
        row.identifier_sealed = row.secret_sealed

        with pytest.raises(UnreadableSecret):
            sealing.unseal(row, "identifier_sealed")

    def test_a_value_of_another_table_does_not_open(self, row):
        elsewhere = RawFetch(public_id=row.public_id, payload_sealed=row.secret_sealed)

        with pytest.raises(UnreadableSecret):
            sealing.unseal(elsewhere, "payload_sealed")

    def test_a_value_of_another_tenant_does_not_open(self, row, globex):
        with context.inside(globex), pytest.raises(UnreadableSecret):
            sealing.unseal(row, "secret_sealed")

    def test_another_tenants_wrapped_key_put_in_place_of_ours_opens_nothing(self, row, acme, globex):
        """Whoever can write to the database cannot make one tenant's key another's."""
        stolen = TenantKey.objects.get(tenant=acme, purpose="seal")
        TenantKey.objects.filter(tenant=globex, purpose="seal").update(wrapped=bytes(stolen.wrapped))

        with context.inside(globex), pytest.raises(UnreadableSecret):
            sealing.unseal(row, "secret_sealed")

    def test_a_sealing_key_does_not_serve_as_index_key_or_under_another_number(self, row, acme):
        begin_anew()
        newest = TenantKey.objects.get(tenant=acme, purpose="seal", number=2)
        for changes in ({"purpose": "index", "number": 2}, {"number": 3}):
            TenantKey.objects.create(tenant=acme, wrapped=bytes(newest.wrapped), **changes)
            act = sealing.data_key().hash_of if "purpose" in changes else sealing.data_key().seal
            with pytest.raises(UnreadableSecret):
                act("x", purpose="iban") if "purpose" in changes else act(b"x", bound_to=b"here")
            TenantKey.objects.filter(tenant=acme, **changes).delete()

    def test_what_is_cut_or_of_another_version_or_key_does_not_open(self, row):
        whole = bytes(row.secret_sealed)
        changed = [whole[:length] for length in range(1, len(whole))]
        changed += [b"\x00" + whole[1:], b"\x02" + whole[1:], whole[:1] + b"\x00\x07" + whole[3:], whole + b"\x00"]

        for value in changed:
            row.secret_sealed = value
            with pytest.raises(UnreadableSecret):
                sealing.unseal(row, "secret_sealed")


@given(text=st.binary(max_size=200), other=st.binary(min_size=1, max_size=40), number=st.integers(1, 65_535))
def test_a_value_opens_with_its_key_number_and_binding_only(text, other, number):
    key, bound_to = bytes(range(32)), b"tenant|table|column|row"
    sealed = crypto.seal(text, key=key, key_id=number, bound_to=bound_to)

    assert crypto.unseal(sealed, key=key, bound_to=bound_to) == text
    assert crypto.key_id_of(sealed) == number
    assert text not in sealed or len(text) < 3
    for wrong_key, wrong_binding in ((bytes(32), bound_to), (key, bound_to + other)):
        with pytest.raises(UnreadableSecret):
            crypto.unseal(sealed, key=wrong_key, bound_to=wrong_binding)


@given(position=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_one_changed_byte_anywhere_is_noticed(position, flip):
    sealed = bytearray(crypto.seal(b"secret", key=bytes(32), key_id=1, bound_to=b"here"))
    sealed[position % len(sealed)] ^= flip

    with pytest.raises(UnreadableSecret):
        crypto.unseal(bytes(sealed), key=bytes(32), bound_to=b"here")


def test_every_column_that_is_named_sealed_is_moved_by_one_of_the_two_rotations():
    named = {
        (model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.BinaryField) and field.name.endswith("_sealed")
    }
    by_tenant = {(each.model._meta.label, each.column) for each in data_keys.sealed_columns()}
    by_master = {(each.model._meta.label, each.column) for each in key_rotation._SEALED}

    assert by_tenant | (by_master & named) == named
    assert not by_tenant & by_master
    assert ("accounts.IdempotencyRecord", "answer_sealed") in by_tenant


def test_a_rotation_moves_everything_and_an_hour_later_removes_the_old_key(in_acme, globex):
    row, account = sealed_row(), rows.account()
    account.iban_sealed = sealing.seal(account, "iban_sealed", "DE89370400440532013000")
    account.save()
    answer = IdempotencyRecord(
        tenant=in_acme, caller="c", route="r", key="k", body_sha256="", status=200, expires_at=timezone.now()
    )
    answer.answer_sealed = sealing.seal(answer, "answer_sealed", "{}")
    answer.save()
    with context.inside(globex):
        untouched = sealed_row()

    begun = begin_anew()
    soon = data_keys.rotate(now=timezone.now())
    ended = end_it()

    assert (begun.number, begun.moved, begun.left, begun.is_done) == (2, 4, 0, False)
    assert (soon.moved, soon.removed, soon.is_done) == (0, 0, False)
    assert (ended.moved, ended.removed, ended.is_done) == (0, 1, True)
    for each in (row, account, answer):
        each.refresh_from_db()
    with context.inside(globex):
        untouched.refresh_from_db()
    assert numbers(row.secret_sealed, row.identifier_sealed, account.iban_sealed, answer.answer_sealed) == {2}
    assert numbers(untouched.secret_sealed) == {1}
    assert sealing.unseal(row, "secret_sealed") == "secret"
    assert sealing.unseal(account, "iban_sealed") == "DE89370400440532013000"
    assert sealing.unseal(answer, "answer_sealed") == "{}"
    assert list(TenantKey.objects.filter(tenant=in_acme, purpose="seal").values_list("number", flat=True)) == [2]


def test_hashes_stay_what_they_were_so_that_nothing_is_stored_twice(in_acme):
    before = sealing.look_up_hash("DE89370400440532013000", purpose="iban")

    begin_anew()
    end_it()

    assert sealing.look_up_hash("DE89370400440532013000", purpose="iban") == before


def test_a_young_key_is_left_and_an_old_one_is_changed(in_acme):
    sealed_row()

    assert data_keys.rotate(now=timezone.now()).moved == 0
    assert data_keys.rotate(now=timezone.now() + timedelta(days=364)).number == 1
    assert data_keys.rotate(now=timezone.now() + timedelta(days=366)).number == 2


def test_a_run_that_was_stopped_anywhere_is_gone_on_with(in_acme, monkeypatch):
    monkeypatch.setattr(data_keys, "BATCH", 2)
    held = [sealed_row(f"secret {each}") for each in range(5)]

    def some_are_moved():
        return 2 in numbers(*WhmcsInstance.objects.values_list("secret_sealed", flat=True))

    first = data_keys.rotate(now=timezone.now(), older_than=NOW_KEY, should_stop=some_are_moved)
    assert 0 < first.moved < 10
    for row in held:
        row.refresh_from_db()
    assert [sealing.unseal(row, "secret_sealed") for row in held] == [f"secret {each}" for each in range(5)]
    second = data_keys.rotate(now=timezone.now())
    ended = end_it()

    assert (first.moved + second.moved, ended.removed) == (10, 1)
    for row in held:
        row.refresh_from_db()
    assert [sealing.unseal(row, "secret_sealed") for row in held] == [f"secret {each}" for each in range(5)]


def test_a_value_that_does_not_open_keeps_the_old_key_and_is_said(in_acme):
    row = sealed_row()
    WhmcsInstance.objects.filter(pk=row.pk).update(secret_sealed=bytes(row.secret_sealed)[:-1] + b"\x00")

    begin_anew()
    with pytest.raises(CommandError, match="1 values do not open") as refused:
        call_command("rotate_data_keys", tenant="acme", stdout=io.StringIO())

    assert refused.value.returncode == 1
    assert TenantKey.objects.filter(tenant=in_acme, purpose="seal").count() == 2


def test_the_command_begins_and_goes_on(in_acme):
    sealed_row()
    out = io.StringIO()

    call_command("rotate_data_keys", tenant="acme", older_than=0, json=True, stdout=out)

    [found] = json.loads(out.getvalue())
    assert (found["tenant"], found["number"], found["moved"], found["is_done"]) == ("acme", 2, 2, False)
    with pytest.raises(CommandError, match="There is no tenant"):
        call_command("rotate_data_keys", tenant="nobody", stdout=io.StringIO())


def test_a_young_key_stays_and_no_table_is_read_for_it(in_acme, django_assert_max_num_queries):
    assert rotate_data_key(tenant_id=str(in_acme.public_id)) == 0

    with django_assert_max_num_queries(10):
        assert data_keys.rotate(now=timezone.now(), should_stop=lambda: False).moved == 0


def test_destroyed_keys_open_nothing_ever_again(in_acme):
    row = sealed_row()

    assert sealing.destroy_data_keys(in_acme) == 2

    for act in (lambda: sealing.unseal(row, "secret_sealed"), lambda: sealing.look_up_hash("x", purpose="iban"),
                lambda: sealing.seal(row, "secret_sealed", "x")):  # fmt: skip
        with pytest.raises(UnreadableSecret):
            act()


def test_keys_that_were_read_long_ago_seal_with_the_newest(in_acme, monkeypatch):
    keys = sealing.data_key()
    begin_anew()
    assert keys.present == 1

    monkeypatch.setattr(sealing, "KEYS_GOOD_FOR_SECONDS", -1.0)

    assert keys.present == 2


def test_keys_that_were_read_before_open_what_a_newer_key_sealed(in_acme):
    keys, row = sealing.data_key(), sealed_row()
    begin_anew()
    row.refresh_from_db()

    assert crypto.key_id_of(bytes(row.secret_sealed)) == 2
    assert sealing.unseal(row, "secret_sealed", key=keys) == "secret"


def test_writers_that_go_on_during_a_rotation_lose_nothing(committed_acme):
    """Three connections insert, change and seal with keys read before it began, while a fourth rotates to the end."""
    instance, account = sealed_row("0"), rows.account()
    stale, stop, failures, written = sealing.data_key(), threading.Event(), [], {}
    counts = dict.fromkeys(("changed", "inserted", "stale"), 0)

    def change(turn):
        row = WhmcsInstance.objects.get(pk=instance.pk)
        row.secret_sealed = sealing.seal(row, "secret_sealed", f"changed {turn}")
        row.save(update_fields=["secret_sealed"])
        written[("instance", instance.pk)] = f"changed {turn}"

    def insert(turn, key=None):
        row = RawFetch(account=account, fetched_at=timezone.now())
        row.payload_sealed = sealing.seal(row, "payload_sealed", f"payload {turn}", key=key)
        row.save()
        written[("raw", row.pk)] = f"payload {turn}"

    def run(name, act):
        try:
            with context.inside(committed_acme):
                while not stop.is_set():
                    act(counts[name])
                    counts[name] += 1
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=args)
        for args in (("changed", change), ("inserted", insert), ("stale", lambda turn: insert(turn, key=stale)))
    ]
    for thread in threads:
        thread.start()
    try:
        begin_anew()
        rounds = 0
        # Until each of them has had its turn, too.
        while not failures and (rounds < 5 or min(counts.values()) == 0):
            data_keys.rotate(now=timezone.now())
            rounds += 1
    finally:
        stop.set()
        for thread in threads:
            thread.join(120)
    ended = end_it() if data_keys.rotate(now=timezone.now()).left == 0 else None

    assert failures == []
    assert min(counts.values()) > 0
    assert ended is not None
    assert ended.removed == 1
    for (kind, pk), text in written.items():
        row = (WhmcsInstance if kind == "instance" else RawFetch).objects.get(pk=pk)
        column = "secret_sealed" if kind == "instance" else "payload_sealed"
        assert sealing.unseal(row, column) == text
        assert crypto.key_id_of(bytes(getattr(row, column))) == 2
    assert BankTransaction.objects.count() == 0
    assert BankAccount.objects.count() == 1


def test_a_row_that_somebody_holds_is_left_for_the_next_run(committed_acme):
    row = sealed_row()
    held, go_on = threading.Event(), threading.Event()

    def hold():
        from django.db import transaction

        with context.inside(committed_acme), transaction.atomic():
            WhmcsInstance.objects.select_for_update().get(pk=row.pk)
            held.set()
            go_on.wait(120)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(60)
    first = begin_anew()
    early = end_it()
    go_on.set()
    thread.join(120)
    second = data_keys.rotate(now=timezone.now())
    ended = end_it()

    assert (first.moved, first.left, early.removed) == (0, 2, 0)
    assert (second.moved, ended.removed) == (2, 1)
