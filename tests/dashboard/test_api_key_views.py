"""The page of API keys: made with a step-up, shown once, revoked, and nobody else's."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ApiKey, Membership, Session
from accounts.services import api_keys

PATH = "/settings/api/"
SENT = {"name": "Nightly export", "days": "30", "scopes": ["transactions.view", "invoices.view"]}


def made(tenant, who="owner", name="Other"):
    membership = Membership.objects.get(user__email=f"{who}@{tenant.slug}.example", tenant=tenant)
    now = timezone.now()
    return api_keys.make_api_key(
        membership=membership, granted=frozenset({"invoices.view"}), name=name, scopes=["invoices.view"],
        expires_at=now + timedelta(days=9), now=now,
    ).row  # fmt: skip


def test_a_key_is_shown_once_and_kept_as_a_hash(as_owner):
    answer = as_owner.post(PATH, SENT)
    key = answer.context["page"].key
    assert key.startswith("pmk_")

    row = ApiKey.objects.get()
    assert (row.name, row.scopes, row.last4) == ("Nightly export", ["invoices.view", "transactions.view"], key[-4:])
    assert timedelta(days=29) < row.expires_at - timezone.now() < timedelta(days=31)
    later = as_owner.get(PATH)
    assert key not in later.content.decode()
    [line] = later.context["page"].rows
    assert (line.last4, line.acts_for, line.used, line.state.tone) == (key[-4:], "Owner", None, "ok")


def form_in(answer):
    """Return what the form of the page sends beside what is typed."""
    return {"version": re.search(r'name="version" value="([^"]+)"', answer.content.decode()).group(1)}


def test_a_page_with_a_new_key_that_is_loaded_again_makes_no_other(as_owner):
    sent = {**SENT, **form_in(as_owner.get(PATH))}

    first, again = (as_owner.post(PATH, sent) for _ in range(2))

    assert (first.status_code, again.status_code, again.context["page"].key) == (200, 422, "")
    assert "A key was made since this page was opened" in again.content.decode()
    assert ApiKey.objects.get().last4 == first.context["page"].key[-4:]
    # Whoever wants another sends the form that says so, or the one of the page that shows the first.
    for page in (again, first):
        ApiKey.objects.exclude(last4=first.context["page"].key[-4:]).delete()
        assert as_owner.post(PATH, {**SENT, **form_in(page)}).context["page"].key != ""


def test_a_key_that_was_not_made_is_made_by_the_same_page(as_owner):
    sent = {**SENT, **form_in(as_owner.get(PATH))}

    assert as_owner.post(PATH, {**sent, "days": "0"}).status_code == 422
    assert as_owner.post(PATH, sent).status_code == 200
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"days": "366"}, {"days": "0"}, {"scopes": []}, {"scopes": ["root"]}, {"name": ""}])
def test_what_cannot_be_made_is_said_beside_it(as_owner, wrong):
    assert as_owner.post(PATH, {**SENT, **wrong}).status_code == 422
    assert not ApiKey.objects.exists()


def test_a_key_is_revoked_at_once(as_owner, in_acme):
    row = made(in_acme)

    assert as_owner.post(f"{PATH}{row.public_id}/revoke/").status_code == 303
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert as_owner.get(PATH).context["page"].rows[0].revoke_url == ""


def test_another_companys_keys_are_neither_seen_nor_revoked(as_owner, in_acme, globex):
    from tenants import context

    with context.inside(globex):
        theirs = made(globex)

    assert as_owner.get(PATH).context["page"].rows == ()
    assert as_owner.post(f"{PATH}{theirs.public_id}/revoke/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


def test_only_owners_look_and_making_asks_again(as_admin, as_owner):
    assert [as_admin.get(PATH).status_code, as_admin.get(f"{PATH}openapi.yaml").status_code] == [403, 403]

    Session.objects.update(confirmed_at=None)
    assert as_owner.post(PATH, SENT).status_code == 403
    assert not ApiKey.objects.exists()


def test_the_description_can_be_downloaded(as_owner):
    answer = as_owner.get(f"{PATH}openapi.yaml")

    assert b"".join(answer.streaming_content).startswith(b"openapi: 3.1.0")
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_queries_do_not_grow_with_keys(as_owner, in_acme, queries_of):
    made(in_acme)
    few = queries_of(lambda: as_owner.get(PATH))
    for number in range(8):
        made(in_acme, "admin", str(number))

    assert queries_of(lambda: as_owner.get(PATH)) == few
