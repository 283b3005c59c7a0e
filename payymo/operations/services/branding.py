"""A company's name, colour and logo. A picture is drawn anew: nothing of the uploaded file is kept or served."""

import hashlib
import io

from django.db import transaction
from django.utils.translation import gettext
from PIL import Image

from payymo.audit.services import recording as audit
from payymo.operations import colours
from payymo.operations.models import Branding
from payymo.shared.errors import BadInput
from tenants.models import Tenant

MOST_BYTES = 512 * 1024
MOST_PIXELS = 4_000_000
LEAST_SIDE = 16
SHOWN = (320, 64)
_READ = ("PNG", "JPEG", "WEBP")


class UnusableLook(BadInput):
    """The name is empty, the colour cannot be read with white text, or the picture is none that is taken."""

    code = "unusable_look"


def current() -> Branding:
    """Return the current company's look; one that was never chosen is empty and not saved."""
    return Branding.objects.defer("logo").first() or Branding()


@transaction.atomic
def change(*, tenant: Tenant, name: str, colour: str) -> None:
    """Store the name and the colour, which may be empty.

    Raises: UnusableLook: nothing is written.
    """
    called = " ".join(name.split())
    if not 0 < len(called) <= 120:
        raise UnusableLook(gettext("Give your company a name of at most 120 characters."))
    wanted = colour.strip().lower()
    try:
        if wanted:
            colours.palettes(wanted)
    except colours.UnusableColour as error:
        raise UnusableLook(
            gettext("White text could not be read on this colour. Choose a darker one, written as #4c57d6.")
        ) from error
    Tenant.objects.filter(pk=tenant.pk).update(name=called)
    Branding.objects.update_or_create(is_the_one=True, defaults={"colour": wanted})
    audit.record(action="settings.changed", details={"what": "look", "colour": wanted})
    tenant.refresh_from_db()


@transaction.atomic
def set_logo(*, data: bytes) -> Branding:
    """Draw a logo anew, small enough for the page, and store it.

    Raises: UnusableLook: nothing is written.
    """
    width, height, drawn = _drawn(data)
    digest = hashlib.sha256(drawn).hexdigest()
    values = {"logo": drawn, "logo_sha256": digest, "logo_width": width, "logo_height": height}
    row, _ = Branding.objects.update_or_create(is_the_one=True, defaults=values)
    audit.record(action="settings.changed", details={"what": "logo", "sha256": digest})
    return row


@transaction.atomic
def remove_logo() -> None:
    """Show Payymo's own again."""
    gone = {"logo": b"", "logo_sha256": "", "logo_width": 0, "logo_height": 0}
    if Branding.objects.exclude(logo_sha256="").update(**gone):
        audit.record(action="settings.changed", details={"what": "logo", "sha256": ""})


def logo() -> bytes:
    """Return the current company's logo as PNG; empty without one."""
    return bytes(Branding.objects.values_list("logo", flat=True).first() or b"")


def _drawn(data: bytes) -> tuple[int, int, bytes]:
    if len(data) > MOST_BYTES:
        raise UnusableLook(gettext("The picture is larger than 512 kB."))
    refused = UnusableLook(
        gettext(
            "Only PNG, JPEG and WebP pictures are taken, at least 16 dots wide and high and at most 4 million in all."
        )
    )
    try:
        # The size is in the first bytes: a picture that would fill the memory is never unpacked.
        with Image.open(io.BytesIO(data), formats=_READ) as picture:
            if picture.width * picture.height > MOST_PIXELS or min(picture.size) < LEAST_SIDE:
                raise refused
            plain = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise refused from error
    plain.thumbnail(SHOWN)
    out = io.BytesIO()
    plain.save(out, format="PNG", optimize=True)
    return plain.width, plain.height, out.getvalue()
