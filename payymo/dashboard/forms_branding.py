"""A company's name, colour and logo."""

from django import forms
from django.utils.translation import gettext_lazy as _


class LookForm(forms.Form):
    """Name and colour."""

    name = forms.CharField(label=_("Name of the company"), max_length=120, help_text=_("On pages and in mails."))
    colour = forms.CharField(
        label=_("Colour"),
        max_length=7,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "#4c57d6"}),
        help_text=_("Of buttons and links. It must let white text be read; empty is Payymo's own."),
    )


class LogoForm(forms.Form):
    """A picture."""

    logo = forms.FileField(
        label=_("Picture"),
        error_messages={"required": _("Choose a picture.")},
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, up to 512 kB. It is drawn anew, at most 320 by 64 dots."),
    )
