"""The staff console's way into one tenant: for a reason that the tenant reads."""

from django import forms
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import staff_views
from accounts.services.staff_visits import REASONS, note_entry


class EnterForm(forms.Form):
    """Why staff goes in. No sentence: the log is never erased, so that it holds codes and ids alone."""

    # None is chosen beforehand: whoever reads it is to trust that somebody meant it.
    reason = forms.ChoiceField(label=gettext_lazy("Why"), choices=list(REASONS.items()), widget=forms.RadioSelect)
    reference = forms.RegexField(
        r"^[A-Za-z0-9#._/-]*$",
        label=gettext_lazy("Ticket"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Its number: letters, digits and # . _ / - only."),
    )


def enter(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Ask for the reason, write it into the tenant's log and go in."""
    form = EnterForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        note_entry(session=request.session, tenant=request.tenant, staff=request.user, **form.cleaned_data)
        return HttpResponseRedirect(staff_views.onward(request), status=303)
    context = {
        **site.each_context(request),
        "title": _("Enter %s") % request.tenant.name,
        "staff_strip": None,
        "form": form,
        "next": staff_views.onward(request),
    }
    return render(request, "admin/enter.html", context, status=422 if form.errors else 200)
