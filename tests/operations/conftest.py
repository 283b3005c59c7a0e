import pytest


@pytest.fixture
def signing_key(acme):
    from django.utils import timezone

    from accounts.services.signing_keys import signing_key

    return signing_key(now=timezone.now())
