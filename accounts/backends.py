"""Checks e-mail and password in the same time whether or not the account exists."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.models import User


class EmailBackend(ModelBackend):
    """By e-mail, whatever the case; serves the staff host and keeps browser sessions.

    Members of a tenant sign in by `accounts.services.sign_in`, and what they may do there is decided by
    `accounts.permissions`.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """Return the user, or None; an unknown account costs a hash like a known one."""
        email = str(kwargs.get("email") or username or "").strip().lower()
        user = User.objects.filter(email=email).first() if email else None
        if user is None:
            make_password(password or "")
            return None
        return user if user.check_password(password or "") and self.user_can_authenticate(user) else None
