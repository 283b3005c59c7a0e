"""Why simplejwt's stock classes are not used: what they let through, and that ours does not."""

import pytest
from django.test import RequestFactory
from django.urls import get_resolver
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.serializers import TokenRefreshSerializer
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.models import User


def _request(tenant, token):
    request = RequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {token}")
    request.tenant = tenant
    return Request(request)


def test_a_stock_token_made_at_one_tenant_opens_every_other(acme, globex, reviewer):
    token = AccessToken.for_user(reviewer)

    assert JWTAuthentication().authenticate(_request(acme, token))[0] == reviewer
    assert JWTAuthentication().authenticate(_request(globex, token))[0] == reviewer


def test_a_stock_refresh_token_works_again_and_again_and_outlives_a_changed_password(acme, reviewer):
    refresh = str(RefreshToken.for_user(reviewer))
    user = User.objects.get(pk=reviewer.pk)
    user.set_password("another good password")
    user.save()

    for _ in range(3):
        serializer = TokenRefreshSerializer(data={"refresh": refresh})
        assert serializer.is_valid()


def test_our_api_accepts_no_stock_token(acme_api, reviewer):
    access, refresh = AccessToken.for_user(reviewer), RefreshToken.for_user(reviewer)

    assert acme_api.get("auth/me/", token=str(access)).status_code == 401
    assert acme_api.post("auth/token/refresh/", {"refresh": str(refresh)}).status_code == 401
    assert acme_api.post("auth/token/verify/", {"token": str(access)}).status_code == 401


def _modules(patterns):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _modules(pattern.url_patterns)
        else:
            yield pattern.callback.__module__


@pytest.mark.parametrize("urlconf", ["payymo.urls", "payymo.urls_public"])
def test_no_stock_view_is_served(urlconf):
    modules = set(_modules(get_resolver(urlconf).url_patterns))

    assert modules
    assert not [name for name in modules if name.startswith("rest_framework_simplejwt")]
