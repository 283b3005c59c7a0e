"""Signing in to the API, below `/api/v1/`."""

from django.urls import path

from accounts.api import views

urlpatterns = [
    path("auth/token/", views.ObtainToken.as_view(), name="auth-token"),
    path("auth/token/refresh/", views.RefreshToken.as_view(), name="auth-token-refresh"),
    path("auth/token/revoke/", views.RevokeToken.as_view(), name="auth-token-revoke"),
    path("auth/token/verify/", views.VerifyToken.as_view(), name="auth-token-verify"),
    path("auth/me/", views.Me.as_view(), name="auth-me"),
]
