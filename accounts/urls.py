"""Signing in and out in the browser, and the public keys; at the root of a tenant's host."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.sign_in, name="login"),
    path("2fa/", views.check_second_factor, name="second_factor"),
    path("logout/", views.sign_out, name="logout"),
    path(".well-known/jwks.json", views.jwks, name="jwks"),
]
