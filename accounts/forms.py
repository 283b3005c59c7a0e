"""The sign-in forms of a tenant's host and of the staff host."""

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.services import attempts
from accounts.services.client_address import client_address
from accounts.services.security_events import record


class SignInForm(forms.Form):
    """E-mail address and password, as password managers expect them."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class StaffSignInForm(AdminAuthenticationForm):
    """The admin site's own form, with the same guessing limits as everywhere."""

    def clean(self) -> dict[str, Any]:
        """Count, then check.

        Raises: ValidationError.
        """
        email, now = self.cleaned_data.get("username"), timezone.now()
        if not (email and self.cleaned_data.get("password")):
            return self.cleaned_data
        try:
            attempt = attempts.count_attempt(email=email, address=client_address(self.request), tenant=None, now=now)
        except attempts.TooManyAttempts as error:
            raise forms.ValidationError(str(error), code=error.code) from error
        try:
            cleaned = super().clean()
        except forms.ValidationError:
            record(kind="staff_sign_in_refused", tenant=None, user=None, now=now)
            raise
        attempts.forgive_attempt(attempt=attempt)
        record(kind="staff_signed_in", tenant=None, user=self.get_user(), now=now)
        return cleaned
