"""The sign-in forms of a tenant's host and of the staff host."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import attempts, passkeys, second_factor
from accounts.services.client_address import client_address
from accounts.services.security_events import record
from tenants.middleware import host_of

_PASSWORD_HINT = _("12 to 128 characters. A few words that only you would put together are best.")


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


class PasskeyForm(forms.Form):
    """What an authenticator answered; a script fills it in."""

    passkey = forms.CharField(max_length=16_384, widget=forms.HiddenInput)


class NewPasskeyForm(PasskeyForm):
    """A passkey, and how its owner calls it."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        required=False,
        help_text=_("So that you recognise it in the list: the phone, the key on the desk."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class CodeForm(forms.Form):
    """The code of the second factor."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("The six digits your authenticator app shows now, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"}),
    )

    def ask_for_the_app_alone(self) -> None:
        """Name the app's digits only: while it is set up no recovery code counts, and there may be none."""
        self["code"].help_text = _("The six digits your authenticator app shows now.")


class ConfirmForm(forms.Form):
    """One of: the password, a code, a passkey. Its names are its own: the form that is carried stands beside it."""

    MARK = "confirm-asked"

    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        required=False,
        help_text=_("Or the six digits of your authenticator app, or a recovery code."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )
    passkey = forms.CharField(max_length=16_384, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, prefix="confirm")

    @property
    def names(self) -> frozenset[str]:
        """The names of everything that this form sends."""
        return frozenset({self.MARK, *(self.add_prefix(name) for name in self.fields)})

    @property
    def proof(self) -> dict[str, str]:
        """What was given, for the service."""
        return {name: self.cleaned_data[name] for name in ("password", "code", "passkey")}

    def clean(self) -> dict[str, Any]:
        """Ask for one of them.

        Raises: ValidationError.
        """
        if not any(self.cleaned_data.values()):
            raise forms.ValidationError(_("Type your password or a code."))
        return self.cleaned_data


class LanguageForm(forms.Form):
    """The language that one reads."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("Of the pages wherever you sign in, and of the mails you get."),
    )


class PasswordForm(forms.Form):
    """The present password, and the one that replaces it."""

    current = forms.CharField(
        label=_("Present password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        max_length=1024,
        strip=False,
        help_text=_PASSWORD_HINT,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "minlength": 12, "maxlength": 128}),
    )


class NewPasswordForm(forms.Form):
    """A password that replaces a forgotten one."""

    new = forms.CharField(
        label=_("New password"),
        max_length=1024,
        strip=False,
        help_text=_PASSWORD_HINT,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )


class ForgottenForm(forms.Form):
    """Whose password is forgotten."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


class AcceptForm(forms.Form):
    """How an invited person becomes a member: by a new password, or by the one they have."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(label=_("Password"), max_length=1024, strip=False, widget=forms.PasswordInput)
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        required=False,
        help_text=_("If you have a second factor: the six digits of your app, or a recovery code."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )

    def __init__(self, data: Any = None, *, is_known: bool) -> None:
        super().__init__(data)
        self.is_known = is_known
        password = self.fields["password"]
        password.widget.attrs["autocomplete"] = "current-password" if is_known else "new-password"
        if is_known:
            password.label = _("Your present password")
            self.fields["name"].widget = forms.HiddenInput()
        else:
            password.help_text = _PASSWORD_HINT
            self.fields["code"].widget = forms.HiddenInput()


class StaffSignInForm(AdminAuthenticationForm):
    """The admin site's own form, with the second factor and the same guessing limits as everywhere."""

    code = forms.CharField(
        label=_("Code of your authenticator app"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )

    # Set once the password is right and the passkey is to follow.
    waits: User | None = None

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
            self._check_code()
        except forms.ValidationError:
            if self.waits is not None:
                # The account keeps its count, or a known password would give any number of tries.
                attempts.forgive_attempt(attempt=attempt, account=False)
                raise
            record(kind="staff_sign_in_refused", tenant=None, user=None, now=now)
            raise
        attempts.forgive_attempt(attempt=attempt)
        record(kind="staff_signed_in", tenant=None, user=self.get_user(), now=now)
        return cleaned

    def _check_code(self) -> None:
        """Ask staff for the second factor, and let nobody in without one where it is required.

        Raises: ValidationError.
        """
        user, code = self.get_user(), self.cleaned_data.get("code", "")
        if not code and passkeys.of(user, host_of(self.request)).filter(suspected_at=None).exists():
            self.waits = user
            raise forms.ValidationError(_("Your password is right. Use your passkey now."), code="passkey_waits")
        if second_factor.is_set_up(user):
            if not second_factor.use_code(user=user, code=code, now=timezone.now()):
                raise forms.ValidationError(str(second_factor.WrongCode()), code="wrong_code")
        elif settings.SECOND_FACTOR_REQUIRED:
            raise forms.ValidationError(
                _("Your account has no second factor. The operator sets it up: manage.py second_factor."),
                code="second_factor_missing",
            )
