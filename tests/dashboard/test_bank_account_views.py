"""The question on Connections which account a new one is, and its answer."""

import pytest
from celery import current_app

from banking.models import BankAccount
from tests.banking.asked import NOW, held_account


@pytest.fixture(autouse=True)
def no_worker(monkeypatch):
    monkeypatch.setattr(current_app, "send_task", lambda name, **more: None)


@pytest.fixture
def asked(in_acme):
    return held_account()


def line_of(client, account):
    cards = client.get("/connections/").context["page"].connections
    return next(line for card in cards for line in card.accounts if line.iban.endswith(account.iban_last4))


def test_the_question_names_the_account_that_it_looks_like_and_what_agrees(as_owner, asked):
    known, held = asked

    line = line_of(as_owner, held)

    assert line.asks == "This looks like Current account …\u00a03000 (Nordhaven Bank): 16 of 16 entries agree."
    assert [(choice.value, choice.selected) for choice in line.choices] == [(str(known.public_id), True)]
    page = as_owner.get("/connections/").content.decode()
    assert "Nothing of it is imported until you say" in page
    assert "Its payments wait until somebody says" in page


def test_who_may_not_change_connections_sees_the_question_and_cannot_answer(as_viewer, asked):
    known, held = asked

    refused = as_viewer.post(f"/connections/accounts/{held.public_id}/answer/", {"same_as": str(known.public_id)})

    assert refused.status_code == 403
    assert (line_of(as_viewer, held).answer_url, BankAccount.objects.get(pk=held.pk).held_at) == ("", NOW)


def test_the_same_is_shown_and_can_be_taken_back(as_owner, asked):
    known, held = asked
    path = f"/connections/accounts/{held.public_id}/answer/"

    said = as_owner.post(path, {"same_as": str(known.public_id)}, follow=True)
    line = line_of(as_owner, held)
    assert "No payment of it is listed a second time" in said.content.decode()
    assert (line.is_paused, line.pause_url) == (False, "")
    assert (line.asks, line.joined) == ("", "Is Current account …\u00a03000 (Nordhaven Bank), and is not read here.")

    as_owner.post(path, {"same_as": "another"})
    held.refresh_from_db()
    assert (held.same_as, held.told_apart_at is None) == (None, False)


@pytest.mark.parametrize("answer", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_no_answer_changes_nothing_and_asks_again(as_owner, asked, answer):
    _, held = asked

    said = as_owner.post(f"/connections/accounts/{held.public_id}/answer/", {"same_as": answer}, follow=True)

    assert "Choose an account" in said.content.decode()
    assert BankAccount.objects.get(pk=held.pk).held_at == NOW
