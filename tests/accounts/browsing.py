"""Somebody's browser at a tenant's host, and a few things that many tests do with it."""

from django.test import Client

from tests.conftest import PASSWORD

ACME, GLOBEX = "acme.localhost", "globex.localhost"


def browser(host: str = ACME, **headers: str) -> Client:
    return Client(headers={"host": host, **headers})


def signed_in(email: str, password: str = PASSWORD, host: str = ACME, **headers: str) -> Client:
    client = browser(host, **headers)
    answer = client.post("/login/", {"email": email, "password": password})
    assert answer.status_code == 302, answer.content
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/security/").status_code == 200
