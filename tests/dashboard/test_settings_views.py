"""The auto-approval policy as a form: amounts as people write them, and nothing saved that cannot be read."""

from decimal import Decimal

import pytest
from django.utils.translation import override

from matching.models import AutoApprovalPolicy
from tests.factories import rows


@pytest.fixture
def account(in_acme):
    return rows.account()


def form(account, **changes):
    return {
        "is_on": "on", "bands": ["exact"], "least_probability": "0.99", "largest_amount": "250.00",
        "bank_accounts": [str(account.pk)], **changes,
    }  # fmt: skip


def shown(browser, language="en"):
    page = browser.get("/settings/matching/", headers={"accept-language": language}).context["page"]
    with override(language):
        return page.form["largest_amount"].value()


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "250", "250.00"),
        ("en", "1,250.50", "1,250.50"),
        ("en", "1250.5", "1,250.50"),
        ("de", "1.250,50", "1.250,50"),
        ("de", "1250,5", "1.250,50"),
        ("de", "250.00", "250,00"),
        ("de", "1.250", "1.250,00"),
        ("en", "", ""),
    ],
)
def test_the_limit_is_read_and_shown_as_the_language_writes_it(as_owner, account, language, text, expected):
    answer = as_owner.post(
        "/settings/matching/", form(account, largest_amount=text), headers={"accept-language": language}
    )

    assert (answer.status_code, answer["Location"]) == (303, "/settings/matching/")
    assert (shown(as_owner, language) or "") == expected


def test_the_stored_limit_is_the_same_in_every_language(as_owner, account):
    as_owner.post("/settings/matching/", form(account, largest_amount="1.250,50"), headers={"accept-language": "de"})

    assert AutoApprovalPolicy.objects.get().largest_amount == Decimal("1250.50")
    assert shown(as_owner, "en") == "1,250.50"


def test_a_currency_without_decimals_shows_none(as_owner, in_acme):
    yen = rows.account("JPY")
    assert as_owner.post("/settings/matching/", form(yen, largest_amount="30,000")).status_code == 303

    assert shown(as_owner) == "30,000"
    assert as_owner.post("/settings/matching/", form(yen, largest_amount="30.5")).status_code == 422


@pytest.mark.parametrize("text", ["fifty", "-5", "0", "1,25", "1.2.3", "250.001", "NaN", "Infinity", "1e3", "9" * 30])
def test_a_limit_that_cannot_be_read_is_422_and_kept_in_the_form(as_owner, account, text):
    answer = as_owner.post("/settings/matching/", form(account, largest_amount=text))

    assert answer.status_code == 422
    assert answer.context["page"].form["largest_amount"].value() == text
    assert not AutoApprovalPolicy.objects.exists()


def test_saving_says_so_once(as_owner, account):
    html = as_owner.post("/settings/matching/", form(account), follow=True).content.decode()

    assert html.count("Saved.") == 1


def test_automation_that_covers_no_account_says_so(as_owner, account):
    def said(**sent):
        as_owner.post("/settings/matching/", form(account, **sent))
        html = as_owner.get("/settings/matching/").content.decode()
        texts = ("On, but for no account", "Approves by itself", "A person approves everything")
        return [text for text in texts if text in html]

    assert said(bank_accounts=[]) == ["On, but for no account"]
    assert said(bank_accounts=[], include_stripe="on") == said() == ["Approves by itself"]
    assert said(is_on="", bank_accounts=[]) == ["A person approves everything"]
