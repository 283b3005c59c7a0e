"""Limiting a colleague to some bank accounts on the page of members."""

import re

import pytest

from accounts import permissions
from accounts.models import Membership
from payymo.audit.models import AuditEntry
from tests.factories import rows


@pytest.fixture
def colleague(in_acme, reviewer):
    return Membership.objects.get(user=reviewer, tenant=in_acme)


def path(colleague):
    return f"/members/{colleague.user.public_id}/accounts/"


def reach(colleague):
    return permissions.reach_of(Membership.objects.get(pk=colleague.pk)).accounts


def test_an_owner_limits_a_colleague_and_lifts_it_again(as_owner, colleague):
    seen, _hidden = rows.account(), rows.account()

    limited = as_owner.post(path(colleague), {"is_limited": "on", "accounts": [str(seen.public_id)]})
    after_limit, page = reach(colleague), as_owner.get(path(colleague)).context["page"]
    as_owner.post(path(colleague), {"accounts": [str(seen.public_id)]})

    assert limited.status_code == 303
    assert after_limit == {seen.pk}
    assert page.form.initial == {"is_limited": True, "accounts": [str(seen.public_id)]}
    assert reach(colleague) is None
    noted = AuditEntry.objects.filter(action="member.limited").order_by("pk")
    assert [entry.details["is_limited"] for entry in noted] == [True, False]


def test_an_owner_is_not_limited_and_is_told_why(as_owner, in_acme, owner):
    own = Membership.objects.get(user=owner, tenant=in_acme)

    answer = as_owner.post(path(own), {"is_limited": "on"})

    assert answer.status_code == 422
    assert "Nothing was saved." in answer.context["page"].error
    assert reach(own) is None


def test_an_account_that_does_not_exist_is_refused(as_owner, colleague):
    answer = as_owner.post(path(colleague), {"is_limited": "on", "accounts": ["6f2a6a0e-6a5c-4c43-b5a0-6a5a5a5a5a5a"]})

    assert (answer.status_code, reach(colleague)) == (422, None)


def test_a_member_of_another_company_is_not_found(as_owner, globex, stranger):
    there = Membership.objects.get(user=stranger, tenant=globex)

    assert as_owner.post(path(there), {"is_limited": "on"}).status_code == 404
    assert not Membership.objects.get(pk=there.pk).is_limited


def test_a_colleague_without_the_right_limits_nobody(as_admin, colleague):
    assert as_admin.post(path(colleague), {"is_limited": "on"}).status_code == 403
    assert reach(colleague) is None


def test_a_membership_ends_by_a_dialog_that_says_what_comes_of_it(as_owner, colleague):
    html = as_owner.get("/members/").content.decode()
    dialogs = re.findall(r'id="(pm-end-\d+)".*?can be resumed.*?<button[^>]* name="do" value="end"', html, re.S)

    assert [html.count(f'type="button" popovertarget="{dialog}" aria-label') for dialog in dialogs] == [1] * len(
        dialogs
    )
    assert len(dialogs) == html.count('value="end"') > 0
    assert as_owner.post(f"/members/{colleague.user.public_id}/", {"do": "end"}).status_code == 303
    assert 'value="resume"' in as_owner.get("/members/").content.decode()
