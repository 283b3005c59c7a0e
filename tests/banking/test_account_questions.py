"""A new account that may be a known one by another name: it is held, asked about, and no payment is doubled or lost."""

import threading

import pytest
from django.db import connection as database

from banking.clients.base import ProviderAccount
from banking.models import BankAccount, BankConnection, BankTransaction
from banking.services import disconnecting, erasing, fetching, provider_keys
from banking.services.account_answers import NotAsked, NotThatAccount, join, tell_apart
from banking.services.linking import link_accounts, new_account
from banking.services.pausing import pause_account
from payymo.audit.models import AuditEntry
from tenants import context
from tests.banking.asked import BOOK, DAY, GOCARDLESS, NOW, SIMPLEFIN, consent, kept, linked, read
from tests.banking.entries import IBAN


def left_over(account):
    fetching._process_left_over(BankAccount.objects.get(pk=account.pk), NOW)


@pytest.fixture
def known(in_acme):
    """The account as GoCardless brings it, by its IBAN, with what it has booked."""
    account = linked(GOCARDLESS)
    assert read(kept(account)).new == 20
    return account


@pytest.fixture
def held(known):
    """The same account as SimpleFIN shows it, under an id of its own."""
    account = linked(SIMPLEFIN, number="org-A1")
    read(kept(account, words="Erika Muster {}"))
    account.refresh_from_db()
    return account


def acts():
    return list(
        AuditEntry.objects.filter(action__startswith="account.").order_by("pk").values_list("action", flat=True)
    )


def test_an_account_that_looks_like_a_known_one_is_held_and_nothing_of_it_is_imported(known, held):
    assert (held.held_at, held.cursor_date, held.transactions.count()) == (NOW, NOW.date(), 0)
    [resembled] = held.resembles
    assert (resembled["account"], resembled["likely"]) == (str(known.public_id), True)
    assert (resembled["shared"], resembled["compared"]) == (16, 16)
    assert held.raw_fetches.filter(processed_at=None).count() == 1
    assert acts() == ["account.held"]


def test_what_comes_while_it_is_held_is_kept_and_read_by_nobody(held):
    result = read(kept(held, [(0, "77.00", "New")], at=NOW + DAY))

    held.refresh_from_db()
    assert (result.is_held, result.new, held.cursor_date) == (True, 0, (NOW + DAY).date())
    assert held.raw_fetches.filter(processed_at=None).count() == 2
    assert erasing.old_payloads(NOW + 900 * DAY)[0].filter(account=held).count() == 0


def test_the_same_leaves_it_to_the_connection_that_brings_it_and_nothing_is_listed_twice(known, held):
    join(account=held, known=known, now=NOW)

    held.refresh_from_db()
    known.refresh_from_db()
    left_over(held)
    assert (held.same_as, held.held_at, held.is_paused, held.next_sync_at) == (known, None, True, None)
    assert known.connection.provider == GOCARDLESS
    assert BankTransaction.objects.count() == 20
    assert acts() == ["account.held", "account.joined"]


def test_an_account_that_is_left_unread_can_be_neither_resumed_nor_imported(known, held):
    late = kept(held, at=NOW + DAY)
    join(account=held, known=known, now=NOW)

    with pytest.raises(BankAccount.DoesNotExist):
        pause_account(account_id=held.public_id, is_paused=False, now=NOW)

    assert read(late).is_held
    assert BankTransaction.objects.count() == 20


def test_a_removed_connection_asks_no_more_and_keeps_nothing_beyond_its_time(known, held):
    provider = provider_keys.provider(SIMPLEFIN, now=NOW)
    disconnecting.remove_connection(connection=held.connection, provider=provider)

    held.refresh_from_db()
    assert (held.held_at, held.resembles, held.cursor_date) == (None, [], None)
    assert not held.raw_fetches.filter(processed_at=None).exists()

    again = linked(SIMPLEFIN, number="org-A1")
    assert (again.pk, read(kept(again, words="Erika Muster {}")).is_held) == (held.pk, True)


def test_another_imports_all_that_was_kept_once(known, held):
    read(kept(held, [(0, "77.00", "New"), *((back + 1, *rest) for back, *rest in BOOK)], at=NOW + DAY))

    tell_apart(account=held, now=NOW)
    left_over(held)
    left_over(held)

    held.refresh_from_db()
    assert (held.held_at, held.told_apart_at, held.next_sync_at) == (None, NOW, NOW)
    assert (known.transactions.count(), held.transactions.count()) == (20, 21)
    assert acts() == ["account.held", "account.told_apart"]


def test_that_it_is_the_same_can_be_taken_back_and_loses_nothing(known, held):
    join(account=held, known=known, now=NOW)

    tell_apart(account=held, now=NOW + DAY)
    left_over(held)

    held.refresh_from_db()
    assert (held.same_as, held.is_paused, held.next_sync_at) == (None, False, NOW + DAY)
    assert (known.transactions.count(), held.transactions.count()) == (20, 20)


def test_a_known_account_that_nobody_reads_any_more_goes_on_through_the_new_connection(known, held):
    known.connection.state = BankConnection.State.EXPIRED
    known.connection.save()
    read(kept(held, [(0, "77.00", "New payment")], at=NOW + DAY))

    join(account=held, known=known, now=NOW)
    left_over(known)

    known.refresh_from_db()
    held.refresh_from_db()
    assert (known.connection.provider, known.provider_account_id) == (SIMPLEFIN, "simplefin-1")
    assert (held.connection, held.same_as, held.raw_fetches.count()) == (None, known, 0)
    assert known.transactions.count() == BankTransaction.objects.count() == 21
    with pytest.raises(NotAsked):
        tell_apart(account=held, now=NOW)


def test_an_account_left_to_another_connection_takes_over_when_that_one_is_gone(known, held):
    join(account=held, known=known, now=NOW)
    disconnecting.remove_connection(connection=known.connection, provider=provider_keys.provider(SIMPLEFIN, now=NOW))

    join(account=held, known=known, now=NOW)

    known.refresh_from_db()
    assert (known.connection.provider, known.next_sync_at) == (SIMPLEFIN, NOW)
    assert BankTransaction.objects.count() == 20


@pytest.mark.parametrize(("state", "reader"), [("LINKED", GOCARDLESS), ("REVOKED", SIMPLEFIN)])
def test_a_renewed_consent_knows_the_answer(known, held, state, reader):
    join(account=held, known=known, now=NOW)
    BankConnection.objects.filter(pk=known.connection_id).update(state=state)

    renewal = consent(SIMPLEFIN, "PENDING", renews=held.connection)
    link_accounts(
        connection=renewal, accounts=[ProviderAccount("A9", "org-A1", "EUR", is_iban=False)], ends_at=None, now=NOW
    )

    known.refresh_from_db()
    assert (known.connection.provider, BankAccount.objects.count()) == (reader, 2)
    assert BankAccount.objects.filter(held_at=None, same_as=known).count() == 1


def test_new_ids_after_a_new_token_are_asked_about_too(known, held):
    tell_apart(account=held, now=NOW)
    left_over(held)
    renewal = consent(SIMPLEFIN, "PENDING", renews=held.connection)
    account = linked(SIMPLEFIN, number="org-B2", into=renewal)

    read(kept(account, words="Erika Muster {}"))

    account.refresh_from_db()
    assert {one["account"] for one in account.resembles} == {str(known.public_id), str(held.public_id)}
    join(account=account, known=held, now=NOW)
    left_over(held)
    held.refresh_from_db()
    assert (held.connection_id, held.transactions.count()) == (renewal.pk, 20)


def test_the_account_with_the_iban_that_comes_second_is_held_and_lends_its_number(in_acme):
    first = linked(SIMPLEFIN, number="org-A1")
    read(kept(first))
    second = linked(GOCARDLESS)
    read(kept(second))
    second.refresh_from_db()
    assert second.held_at == NOW
    number = second.iban_hash

    join(account=second, known=first, now=NOW)
    first.refresh_from_db()
    assert (first.iban_hash, first.iban_last4) == (number, IBAN[-4:])

    tell_apart(account=second, now=NOW)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.iban_hash, first.iban_last4, second.iban_hash) == ("", "G-A1", number)


def test_an_account_of_clearly_other_payments_is_imported_without_a_question(known):
    account = linked(SIMPLEFIN, number="org-A1")

    result = read(kept(account, [(back, f"{500 + back}.00", text) for back, _, text in BOOK]))

    account.refresh_from_db()
    assert (result.new, account.held_at) == (20, None)


@pytest.mark.parametrize("book", [BOOK[:2], [(60 + back, *rest) for back, *rest in BOOK], [(1, "500.00", "x")]])
def test_where_little_can_be_compared_a_person_is_asked(known, book):
    account = linked(SIMPLEFIN, number="org-A1")

    assert read(kept(account, book)).is_held
    account.refresh_from_db()
    assert [one["likely"] for one in account.resembles] == [False]


def test_two_ibans_or_another_currency_or_one_consent_ask_nothing(known):
    other = new_account(number="NL91ABNA0417164300", currency="EUR", is_iban=True)
    other.connection = consent(SIMPLEFIN)
    other.save()
    dollars = linked(SIMPLEFIN, number="org-A1", currency="USD")
    beside = new_account(number="org-A2", currency="EUR", is_iban=False)
    beside.connection = known.connection
    beside.save()

    assert not read(kept(dollars)).is_held
    assert read(kept(beside)).new == 20
    BankTransaction.objects.filter(account=beside).delete()
    assert read(kept(other)).new == 20
    assert not BankAccount.objects.exclude(held_at=None).exists()


def test_an_account_without_entries_yet_is_compared_when_the_first_come(known):
    account = linked(SIMPLEFIN, number="org-A1")

    assert not read(kept(account, [])).is_held
    assert read(kept(account)).is_held


@pytest.mark.parametrize("wrong", ["itself", "dollars", "empty"])
def test_an_answer_that_cannot_be_is_refused_and_changes_nothing(known, held, wrong):
    chosen = {
        "itself": lambda: held,
        "dollars": lambda: new_account(number="x", currency="USD", is_iban=False),
        "empty": lambda: new_account(number="y", currency="EUR", is_iban=False),
    }[wrong]()
    chosen.save()

    with pytest.raises(NotThatAccount):
        join(account=held, known=chosen, now=NOW)

    held.refresh_from_db()
    assert (held.held_at, held.same_as) == (NOW, None)


def test_nobody_answers_what_is_not_asked(known, held):
    with pytest.raises(NotAsked):
        tell_apart(account=known, now=NOW)
    with pytest.raises(NotAsked):
        join(account=known, known=held, now=NOW)
    BankConnection.objects.filter(pk=held.connection_id).update(state="EXPIRED")
    with pytest.raises(NotAsked):
        join(account=held, known=known, now=NOW)


def test_the_question_takes_a_fixed_number_of_queries_for_any_entries(known, django_assert_max_num_queries):
    raws = [kept(linked(SIMPLEFIN, number=f"org-{n}"), BOOK * n) for n in (1, 3)]

    for raw in raws:
        with django_assert_max_num_queries(14):
            assert read(raw).is_held


def test_of_two_accounts_that_come_at_once_one_is_imported_and_one_asked_about(committed_acme):
    raws = [kept(linked(GOCARDLESS)), kept(linked(SIMPLEFIN, number="org-A1"))]
    barrier, results, problems = threading.Barrier(2), [], []

    def run(raw):
        try:
            with context.inside(committed_acme):
                barrier.wait(timeout=60)
                results.append(read(raw))
        except Exception as error:
            problems.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=run, args=[raw]) for raw in raws]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert problems == []
    assert sorted((result.new, result.is_held) for result in results) == [(0, True), (20, False)]
    assert BankTransaction.objects.count() == 20


def test_an_account_of_another_company_is_never_offered(known, globex):
    with context.inside(globex):
        account = linked(SIMPLEFIN, number="org-A1")

        assert read(kept(account)).new == 20
        assert BankAccount.objects.count() == 1
