"""Checks e-mail and password in the same time whether or not the account exists."""

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import User


class EmailBackend(ModelBackend):
    """By e-mail, whatever the case. What a user may do in a tenant is decided by `accounts.permissions`."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: object
    ) -> User | None:
        """Return the user, or None; an unknown account costs a dummy hash."""
        email = (kwargs.get("email") or username or "").strip().lower()  # type: ignore[union-attr, attr-defined]
        user = User.objects.filter(email=email).first() if email else None
        if user is None:
            User().set_password(password or "")
            return None
        return user if user.check_password(password or "") and self.user_can_authenticate(user) else None
