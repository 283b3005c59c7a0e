"""What each documented status of GoCardless Bank Account Data means, code by code."""

import json

import pytest

from banking.clients.base import LinkStatus, Reason
from banking.clients.gocardless_answers import check_account_status, link_status
from banking.clients.gocardless_errors import TokenRejected, raise_for
from payymo.shared.errors import Refused, Retryable
from payymo.shared.http import Answer


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("CR", LinkStatus.OPEN),
        ("GC", LinkStatus.OPEN),
        ("UA", LinkStatus.OPEN),
        ("SA", LinkStatus.OPEN),
        ("GA", LinkStatus.OPEN),
        ("ID", LinkStatus.OPEN),
        ("LN", LinkStatus.LINKED),
        ("RJ", LinkStatus.REJECTED),
        ("ER", LinkStatus.REJECTED),
        ("EX", LinkStatus.EXPIRED),
        ("SU", LinkStatus.SUSPENDED),
        ("A status of tomorrow", LinkStatus.OPEN),
    ],
)
def test_a_requisition_is_as_far_as_its_code_says(code, expected):
    assert link_status(code) is expected


@pytest.mark.parametrize("status", ["DISCOVERED", "PROCESSING", "READY", "ERROR", "", "A status of tomorrow"])
def test_an_account_that_may_answer_is_asked(status):
    assert check_account_status(status) is None


@pytest.mark.parametrize(("status", "reason"), [("EXPIRED", Reason.CONSENT_ENDED), ("SUSPENDED", Reason.SUSPENDED)])
def test_an_account_that_ended_is_not_asked(status, reason):
    with pytest.raises(Refused) as raised:
        check_account_status(status)

    assert raised.value.reason == reason


def answer(code, /, headers=None, **fields):
    return Answer(status=code, body=json.dumps(fields).encode(), headers=headers or {})


EUA = "End User Agreement (EUA) 3fa85f64 has expired"


@pytest.mark.parametrize(
    ("given", "kind", "reason"),
    [
        (answer(400, institution_id={"summary": "Unknown institution ID X", "detail": "x"}),
         Refused, Reason.UNKNOWN_INSTITUTION),
        (answer(400, access_valid_for_days=[{"summary": "Must be <= 180", "detail": "x"}]),
         Refused, Reason.INVALID_REQUEST),
        (answer(400, max_historical_days={"summary": "max_historical_days must be > 0 and <= 90", "detail": "x"}),
         Refused, Reason.INVALID_REQUEST),
        (answer(400, access_scope={"summary": "following scopes are required together", "detail": "x"}),
         Refused, Reason.INVALID_REQUEST),
        (answer(400, reference={"summary": "Client reference must be unique", "detail": "x"}),
         Refused, Reason.INVALID_REQUEST),
        (answer(400, redirect=["This field is required."], status_code=400), Refused, Reason.INVALID_REQUEST),
        (answer(400, summary="Incorrect date range", detail="x"), Refused, Reason.INVALID_REQUEST),
        (answer(401, summary="Authentication failed", detail="x"), Refused, Reason.CREDENTIALS_INVALID),
        (answer(401, summary=EUA, detail="x"), Refused, Reason.CONSENT_ENDED),
        (answer(401, summary="Access expired", detail="x", type="AccessExpiredError"), Refused, Reason.CONSENT_ENDED),
        (answer(401, summary="Inactive", detail="x", type="AccountInactiveError"), Refused, Reason.ACCOUNT_CLOSED),
        (answer(402, summary="Payment Required", detail="Free usage limit exceeded"), Refused, Reason.PLAN_USED_UP),
        (answer(403, summary="IP address access denied", detail="x"), Refused, Reason.ADDRESS_NOT_ALLOWED),
        (answer(403, summary="End User Agreement (EUA) access scope error"), Refused, Reason.SCOPE_MISSING),
        (answer(403, summary="No valid End User Agreement", detail="x"), Refused, Reason.CONSENT_ENDED),
        (answer(403, summary="x", type="AccountAccessForbidden"), Refused, Reason.ACCOUNT_FORBIDDEN),
        (answer(403, summary="x", type="AccountResourceUnavailable"), Refused, Reason.SCOPE_MISSING),
        (answer(403, summary="", detail="You do not have permission"), Refused, Reason.ACCOUNT_FORBIDDEN),
        (answer(404, summary="Not found.", detail="Not found."), Refused, Reason.NOT_FOUND),
        (answer(405, summary="EUA cannot be accepted more than once"), Refused, Reason.INVALID_REQUEST),
        (answer(409, summary="Account suspended", detail="x"), Refused, Reason.SUSPENDED),
        (answer(409, id="3fa85f64", status="PROCESSING"), Retryable, Reason.NOT_READY),
        (answer(409, id="3fa85f64", status="ERROR"), Retryable, Reason.NOT_READY),
        (answer(429, summary="x", type="RateLimitError"), Retryable, Reason.RATE_LIMITED),
        (answer(500, summary="x", type="UnknownRequestError"), Retryable, Reason.BANK_ERROR),
        (answer(503, summary="x", type="ServiceError"), Retryable, Reason.BANK_DOWN),
        (answer(503, summary="x", type="ConnectionError"), Retryable, Reason.BANK_DOWN),
    ],
)  # fmt: skip
def test_an_answer_to_a_consent_or_an_account_has_one_meaning(given, kind, reason):
    with pytest.raises(kind) as raised:
        raise_for(given)

    assert raised.value.reason == reason


def test_a_token_of_ours_that_is_over_is_no_ended_consent():
    with pytest.raises(TokenRejected):
        raise_for(answer(401, summary="Invalid token", detail="Token is invalid or expired"))


@pytest.mark.parametrize(
    ("headers", "detail", "seconds"),
    [
        ({"HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_LIMIT": "4", "HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_REMAINING": "0",
          "HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_RESET": "3600"}, "", 3600.0),
        ({"HTTP_X_RATELIMIT_LIMIT": "100", "HTTP_X_RATELIMIT_REMAINING": "0", "HTTP_X_RATELIMIT_RESET": "30"},
         "", 30.0),
        ({}, "The rate limit for this resource is 4/day. Please try again in 85092 seconds", 85_092.0),
        ({}, "Daily request limit set by the Institution has been exceeded.", 86_400.0),
    ],
    ids=["account", "company", "sentence", "nothing"],
)  # fmt: skip
def test_a_limit_is_waited_for_as_long_as_it_says(headers, detail, seconds):
    with pytest.raises(Retryable) as raised:
        raise_for(answer(429, headers=headers, summary="Rate limit exceeded", detail=detail))

    assert raised.value.retry_after == seconds
