import json

import pytest

GOOD = '"email": "reviewer@acme.example", "password": "correct horse battery"'


def _send(api, body):
    return api.client.post(
        "/api/v1/auth/token/", body, content_type="application/json", headers={"host": "acme.localhost"}
    )


def test_the_control_is_accepted(acme_api):
    assert _send(acme_api, f"{{{GOOD}}}").status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f'{{{GOOD}, "email": "owner@acme.example"}}', "a name is given twice"),
        (f'{{{GOOD}, "otp": NaN}}', "NaN is not a JSON value"),
        (f'{{{GOOD}, "otp": -Infinity}}', "-Infinity is not a JSON value"),
        (f"{{{GOOD}", "at line 1"),
        (" ", "at line 1"),
        (b'{"email": "\xff\xfe"}', "it is not UTF-8"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"a":' * 50_000, "it is nested too deeply"),
        (f'{{{GOOD}, "otp": {"9" * 5000}}}', "not acceptable JSON"),
    ],
)
def test_what_is_not_clean_json_is_400_in_plain_words(acme_api, body, words):
    answer = _send(acme_api, body)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert words in answer.json()["detail"]


def test_a_body_above_one_mib_is_413(acme_api):
    answer = _send(acme_api, json.dumps({"email": "x" * (1024 * 1024)}))

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_an_unknown_field_is_named(acme_api):
    answer = _send(acme_api, f'{{{GOOD}, "remember": true}}')

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["remember"])
    assert answer.json()["request_id"] == answer["X-Request-Id"]
