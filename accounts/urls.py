"""Signing in and out in the browser, and the public keys; at the root of a tenant's host."""

from django.urls import path

from accounts import link_views, views

app_name = "accounts"
urlpatterns = [
    path("login/", views.sign_in, name="login"),
    path("2fa/", views.check_second_factor, name="second_factor"),
    path("invite/", link_views.accept_invitation, name="invite"),
    path("invite/<str:token>/", link_views.open_invitation, name="invite_link"),
    path("password/forgotten/", link_views.forgotten, name="forgotten"),
    path("password/reset/", link_views.choose_password, name="reset"),
    path("password/reset/<str:token>/", link_views.open_reset, name="reset_link"),
    path("logout/", views.sign_out, name="logout"),
    path(".well-known/jwks.json", views.jwks, name="jwks"),
]
