"""A backup opens with its key alone; a restore brings everything back and posts nothing before WHMCS was compared."""

import base64
import contextlib
import io
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg2
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from matching.models import Decision, InvoiceMatch
from matching.services import booked_transfers, proposing
from matching.services.allocation import approve_proposal
from matching.services.decisions import Actor
from payymo.audit.acting import Acting
from payymo.operations.services import backup_files, backups, resuming
from payymo.operations.services.backup_files import UnusableBackup
from payymo.shared.errors import Retryable
from payymo.shared.models import ReceiptState
from tenants import context, sealing
from tenants.models import Tenant
from tests.factories import rows
from tests.whmcs.site import Site, connect, leave, mirror, post
from whmcs.models import Invoice, Posting, WhmcsInstance
from whmcs.services import connection as whmcs
from whmcs.services.posting import ForgottenBooking, PostingPaused, forgotten_bookings

CHECKOUT = Path(__file__).resolve().parents[2]
KEY = bytes(range(32))
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


# --- The file ---------------------------------------------------------------------------------------------------------


def sealed(data, manifest=None, key=KEY):
    out = io.BytesIO()
    backup_files.write(out, manifest=manifest or {"made_at": "now"}, key=key, data=[data])
    return out.getvalue()


def opened(content, key=KEY):
    return b"".join(backup_files.read(io.BytesIO(content), key=key))


@given(st.binary(max_size=200))
def test_what_goes_in_comes_out_and_is_not_readable_between(data):
    content = sealed(data)
    # The head before it is meant to be read, and may well hold what was drawn.
    _, _, body = content.partition(b'{"made_at": "now"}')

    assert opened(content) == data
    assert body
    assert len(data) < 8 or data not in body


@pytest.mark.parametrize("size", [0, 1, backup_files.PIECE, backup_files.PIECE + 1, 3 * backup_files.PIECE])
def test_pieces_of_every_size(size):
    data = os.urandom(size)

    assert opened(sealed(data)) == data


@given(st.data())
def test_no_byte_of_a_backup_can_be_changed_removed_or_added(data):
    content = sealed(b"x" * 100)
    place = data.draw(st.integers(0, len(content) - 1))
    damaged = data.draw(
        st.sampled_from(
            [content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :], content[:place], content + b"\0"]
        )
    )

    with pytest.raises(UnusableBackup):
        opened(damaged)


def test_pieces_cannot_be_left_out_or_exchanged():
    content, size = sealed(os.urandom(3 * backup_files.PIECE)), backup_files.PIECE + 16 + 4
    start = len(content) - 3 * size
    first, second, last = (content[start + place * size : start + (place + 1) * size] for place in range(3))

    for forged in (first + last, second + first + last, first + second):
        with pytest.raises(UnusableBackup):
            opened(content[:start] + forged)


def test_another_key_opens_nothing():
    with pytest.raises(UnusableBackup, match="another backup key"):
        opened(sealed(b"data"), key=bytes(32))


# --- The whole way ----------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(process_env):
    """An empty second database, and the environment of commands that work on it."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with contextlib.closing(psycopg2.connect(process_env["PAYYMO_OWNER_DATABASE_URL"])) as session:
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        there = {
            key: process_env[key].rpartition("/")[0] + f"/{name}"
            for key in ("DATABASE_URL", "PAYYMO_OWNER_DATABASE_URL")
        }
        yield {**process_env, **there, "PAYYMO_BACKUP_KEY": base64.b64encode(KEY).decode()}
        with session.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def inside_restored(elsewhere):
    """Look at the restored database from here, as its owner."""

    @contextlib.contextmanager
    def look():
        name = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = elsewhere["DATABASE_URL"].rpartition("/")[2]
        try:
            context.leave()
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = name
            context.leave()

    return look


def manage(environment, *arguments):
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=CHECKOUT, env=environment,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def paid(committed_acme, sandbox):
    """A transfer of acme's that settles an invoice in its WHMCS, proposed and not decided."""
    site = Site(sandbox, "acme")
    invoice = mirror(site, connect(site), site.new_invoice("119.00"))
    transfer = rows.transfer(
        f"Rechnung {invoice.display_number}", str(invoice.balance), booking_date=date(2026, 2, 27), name="Somebody Else"
    )
    proposing.propose(receipts=[transfer], now=NOW)
    return site, invoice, transfer


def approve_and_post(transfer, reviewer):
    [proposal] = transfer.proposals.filter(rank=1)
    approve_proposal(proposal_id=proposal.public_id, actor=Actor.person(reviewer), now=NOW)
    Posting.objects.update(not_before=NOW)
    assert dict(post().counts) == {Posting.State.POSTED: 1}


def test_a_payment_posted_after_the_backup_is_not_posted_twice(
    paid, reviewer, settings, elsewhere, inside_restored, tmp_path
):
    site, invoice, transfer = paid
    settings.BACKUP_KEY = KEY
    context.leave()
    backups.back_up(path=tmp_path / "night.backup", now=NOW)
    context.enter_for_request(Tenant.objects.get(slug="acme"))
    approve_and_post(transfer, reviewer)
    booked = [row for row in site.book()["transactions"] if row["invoiceid"] == invoice.whmcs_id]
    assert len(booked) == 1
    context.leave()

    status, told, problem = manage(elsewhere, "restore", str(tmp_path / "night.backup"), "--json")

    assert status == 0, problem
    assert json.loads(told)["tenants"] == ["acme", "globex"]
    with inside_restored():
        acme = Tenant.objects.get(slug="acme")
        assert acme.posting_paused_at is not None
        with context.inside(acme):
            again = type(transfer).objects.get(public_id=transfer.public_id)
            assert (again.state, Posting.objects.count()) == (ReceiptState.UNRECONCILED, 0)
            [proposal] = again.proposals.filter(rank=1)
            with pytest.raises(PostingPaused):
                approve_proposal(proposal_id=proposal.public_id, actor=Actor.person(reviewer), now=NOW)
            assert Decision.objects.count() == 0

        found = resuming.resume_posting(tenant=acme, api_for=whmcs.api_for, by=Acting("operator"), now=NOW)

        assert (found.linked, found.unexplained) == (1, 0)
        acme.refresh_from_db()
        assert acme.posting_paused_at is None
        with context.inside(acme):
            again.refresh_from_db()
            assert again.state == ReceiptState.RECONCILED
            assert InvoiceMatch.objects.get().posting.kind == Posting.Kind.LINK
            assert post().handled == 0
    assert [row for row in site.book()["transactions"] if row["invoiceid"] == invoice.whmcs_id] == booked


def test_everything_is_back_sealed_values_open_and_the_restricted_role_works(
    committed_acme, settings, elsewhere, inside_restored, tmp_path
):
    account = rows.account()
    account.iban_sealed = sealing.seal(account, "iban_sealed", "DE89370400440532013000")
    account.save()
    settings.BACKUP_KEY = KEY
    context.leave()
    backups.back_up(path=tmp_path / "a.backup", now=NOW)

    assert manage(elsewhere, "restore", str(tmp_path / "a.backup"))[0] == 0

    with inside_restored(), context.inside(Tenant.objects.get(slug="acme")):
        assert sealing.unseal(type(account).objects.get(), "iban_sealed") == "DE89370400440532013000"
    assert manage(elsewhere, "verify_audit", "--tenant", "acme")[0] == 0
    with contextlib.closing(psycopg2.connect(elsewhere["DATABASE_URL"])) as session, session.cursor() as cursor:
        cursor.execute("SELECT current_user, count(*) FROM tenants_tenant")
        assert cursor.fetchone() == ("payymo_app", 2)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("DELETE FROM tenants_tenant")
    second = manage(elsewhere, "restore", str(tmp_path / "a.backup"))
    assert (second[0], "not empty" in second[2]) == (2, True)


def test_a_damaged_backup_restores_nothing(committed, settings, elsewhere, inside_restored, tmp_path):
    settings.BACKUP_KEY = KEY
    made = backups.back_up(path=tmp_path / "a.backup", now=NOW).path
    content = made.read_bytes()
    (tmp_path / "cut.backup").write_bytes(content[:-40])

    status, _, problem = manage(elsewhere, "restore", str(tmp_path / "cut.backup"))

    assert (status, "cut short" in problem) == (2, True)
    with inside_restored(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
        assert cursor.fetchone() == (0,)


def test_without_a_key_or_a_program_the_reason_is_said(committed, settings, tmp_path):
    settings.BACKUP_KEY = b""
    with pytest.raises(backups.CannotBackUp, match="PAYYMO_BACKUP_KEY is not set"):
        backups.back_up(path=tmp_path / "a", now=NOW)

    settings.BACKUP_KEY, settings.PG_BIN = KEY, str(tmp_path)
    with pytest.raises(backups.CannotBackUp, match=r"pg_dump of version \d+ or newer was not found"):
        backups.back_up(path=tmp_path / "a", now=NOW)
    assert list(tmp_path.iterdir()) == []


# --- What a restore has forgotten -------------------------------------------------------------------------------------


@pytest.fixture
def forgotten(in_acme, sandbox):
    """A booking of ours on an invoice, as it was before the records of it were lost."""
    site = Site(sandbox, "acme")
    instance = connect(site)
    invoice = mirror(site, instance, site.new_invoice("119.00"))
    site.pay_by_hand(invoice.whmcs_id, "50.00", transaction_id="PM-0123456789abcdef0123456789abcdef")
    Tenant.objects.filter(pk=in_acme.pk).update(posting_paused_at=NOW)
    return site, invoice


def test_nothing_is_sent_and_nothing_approved_while_posting_is_paused(forgotten):
    _, invoice = forgotten

    with pytest.raises(PostingPaused):
        leave(invoice, "10.00")
    assert post().handled == 0


def test_an_invoice_with_a_booking_that_nothing_explains_takes_no_second_one(forgotten, in_acme):
    _, invoice = forgotten

    found = resuming.resume_posting(tenant=in_acme, api_for=whmcs.api_for, by=Acting("operator"), now=NOW)

    assert (found.linked, found.unexplained) == (0, 1)
    with pytest.raises(ForgottenBooking, match="booked before it was restored"):
        leave(Invoice.objects.get(pk=invoice.pk), "10.00")
    assert Posting.objects.count() == 0

    rows.transfer("no number", "50.00", booking_date=date(2026, 3, 1), name="Whoever")
    assert booked_transfers.link_booked_transfers(now=NOW) == 1
    assert forgotten_bookings().count() == 0
    leave(Invoice.objects.get(pk=invoice.pk), "10.00")


def test_a_whmcs_that_cannot_be_read_keeps_the_pause(forgotten, in_acme):
    site, _ = forgotten
    site.fault("server_error", only="GetInvoices")

    with pytest.raises(Retryable):
        resuming.resume_posting(tenant=in_acme, api_for=whmcs.api_for, by=Acting("operator"), now=NOW)

    assert Tenant.objects.get(pk=in_acme.pk).posting_paused_at == NOW


def test_a_paused_whmcs_keeps_the_pause_after_a_restore(forgotten, in_acme):
    WhmcsInstance.objects.update(is_paused=True)

    with pytest.raises(resuming.NotCompared, match="is paused"):
        resuming.resume_posting(tenant=in_acme, api_for=whmcs.api_for, by=Acting("operator"), now=NOW)

    assert Tenant.objects.get(pk=in_acme.pk).posting_paused_at == NOW
