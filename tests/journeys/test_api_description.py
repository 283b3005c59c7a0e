"""The API's description: valid, complete, and the file in docs/ is the same."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema

from tests.conftest import PASSWORD

FILE = Path(__file__).parents[2] / "docs" / "api" / "openapi.yaml"
OPEN = {f"/api/v1/auth/token/{act}" for act in ("", "refresh/", "revoke/", "verify/")}


@pytest.fixture(scope="module")
def described():
    return SchemaGenerator(urlconf="payymo.urls").get_schema(request=None, public=True)


def routes(patterns=None, before=""):
    for entry in get_resolver("payymo.urls").url_patterns if patterns is None else patterns:
        path = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
        else:
            yield from routes(entry.url_patterns, path)


def test_no_route_is_missing_from_the_description(described):
    served = {path for path in routes() if path.startswith("/api/v1/")} - {"/api/v1/schema/"}

    assert sorted(served - described["paths"].keys()) == []
    assert sorted(described["paths"].keys() - served) == []


def test_the_description_is_valid_and_says_how_each_operation_refuses(described):
    validate_schema(described)
    for path, methods in described["paths"].items():
        for operation in methods.values():
            if not path.startswith("/api/v1/webhooks/"):
                assert "default" in operation["responses"], path


def test_only_signing_in_is_open(described):
    for path, methods in described["paths"].items():
        for operation in methods.values():
            is_open = {} in operation.get("security", [{}])
            assert is_open == (path in OPEN or path.startswith("/api/v1/webhooks/")), path


def test_what_moves_money_asks_for_a_key(described):
    keyed = {
        path
        for path, methods in described["paths"].items()
        for parameter in methods.get("post", {}).get("parameters", ())
        if parameter["name"] == "Idempotency-Key" and parameter["required"]
    }

    assert {f"/api/v1/proposals/{{public_id}}/{act}/" for act in ("approve", "reject", "hold", "ignore")} <= keyed
    assert {"/api/v1/allocations/", "/api/v1/decisions/{public_id}/undo/"} <= keyed


def test_the_file_in_the_documents_is_the_description(described):
    assert FILE.read_bytes() == OpenApiYamlRenderer().render(described, renderer_context={}), "run `make openapi`"


@pytest.mark.parametrize(("who", "status"), [("owner", 200), ("viewer", 403), ("", 401)])
def test_the_description_is_served_to_whoever_may_make_keys(in_acme, who, status):
    headers = {"host": "acme.localhost"}
    if who:
        body = {"email": f"{who}@acme.example", "password": PASSWORD}
        answer = Client().post("/api/v1/auth/token/", body, content_type="application/json", headers=headers)
        headers["authorization"] = f"Bearer {answer.json()['access']}"

    answer = Client().get("/api/v1/schema/", headers=headers)

    assert answer.status_code == status
    assert (b"openapi: 3.1" in answer.content) == (status == 200)
