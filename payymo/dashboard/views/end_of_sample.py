"""What becomes of the sample that somebody looks around with, once something real is connected."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from payymo.dashboard.sample import progress


def asked_of_sample(request: HttpRequest) -> None:
    """Remember what a form that was sent says of it; one that was not asked says nothing."""
    if request.method == "POST" and (answer := request.POST.get("sample")):
        progress.choose(request.session, answer)


def tell_end_of_sample(request: HttpRequest) -> None:
    """Say that it is gone, where what was connected has just ended it."""
    if progress.has_ended(request.session):
        messages.info(request, _("The sample data are gone."))
