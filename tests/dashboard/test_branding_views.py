"""The company's look: within the limits of contrast, drawn anew, and nobody else's."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from accounts.models import Session
from payymo.operations.models import Branding
from tenants import context
from tenants.models import Tenant

PATH = "/settings/branding/"


def drawn(form="PNG", size=(640, 128), **more):
    out = io.BytesIO()
    Image.new("RGB", size, "#0b6b37").save(out, format=form, **more)
    return out.getvalue()


def upload(browser, data, name="logo.png"):
    return browser.post(f"{PATH}logo/", {"logo": SimpleUploadedFile(name, data)})


def test_name_and_colour_are_everybodys_from_the_next_page_on(as_admin, as_viewer):
    assert as_admin.post(PATH, {"name": "  Acme   Hosting ", "colour": "#0B6B37"}).status_code == 303

    shell = as_viewer.get("/").context["shell"]
    assert (shell.tenant_name, shell.brand.logo_url) == ("Acme Hosting", "")
    style = as_viewer.get(shell.brand.style_url)
    assert style.headers["Content-Type"] == "text/css"
    assert b"--pm-primary:#0b6b37" in style.content


@pytest.mark.parametrize("sent", [{"colour": "#f5b942"}, {"colour": "#fff}*{x"}, {"name": ""}, {"name": "x" * 121}])
def test_what_cannot_be_read_is_refused_and_nothing_is_written(as_admin, in_acme, sent):
    assert as_admin.post(PATH, {"name": "Other", "colour": "", **sent}).status_code == 422
    assert (Tenant.objects.get(pk=in_acme.pk).name, Branding.objects.exists()) == ("Acme", False)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_drawn_anew_and_small(as_admin, form):
    upload(as_admin, drawn(form))

    brand = as_admin.get("/").context["shell"].brand
    answer = as_admin.get(brand.logo_url)
    assert answer.headers["Content-Type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == ("PNG", (320, 64))


def test_nothing_else_of_the_file_is_served(as_admin):
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "<script>alert(1)</script> 52.5200,13.4050")
    upload(as_admin, drawn(pnginfo=note) + b"<script>trailing</script>")

    served = as_admin.get(as_admin.get("/").context["shell"].brand.logo_url).content
    assert not any(hidden in served for hidden in (b"script", b"52.52", b"Comment"))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "logo.svg"),
        (b"GIF89a" + bytes(200), "logo.png"), (b"\x89PNG\r\n\x1a\n" + bytes(40), "logo.png"),
        (b"not a picture", "x.png"),
        (drawn(size=(8, 8)), "small.png"), (drawn(size=(2100, 2100)), "large.png"),
        (drawn() + bytes(600_000), "heavy.png"),
    ],
    ids=["svg", "gif", "broken", "text", "small", "large", "heavy"],
)  # fmt: skip
def test_what_is_no_picture_or_too_large_is_refused(as_admin, data, name):
    assert upload(as_admin, data, name).status_code == 422
    assert not Branding.objects.exists()


def test_the_logo_goes_again(as_admin):
    upload(as_admin, drawn())
    url = as_admin.get("/").context["shell"].brand.logo_url
    as_admin.post(f"{PATH}logo/", {"do": "remove"})

    assert as_admin.get("/").context["shell"].brand.logo_url == ""
    assert as_admin.get(url).status_code == 404


def test_a_reviewer_changes_nothing_and_another_company_keeps_its_look(as_admin, as_reviewer, globex):
    upload(as_admin, drawn())
    as_admin.post(PATH, {"name": "Acme", "colour": "#0b6b37"})

    assert as_reviewer.get(PATH).status_code == 403
    assert as_reviewer.post(f"{PATH}logo/", {"do": "remove"}).status_code == 403
    assert Branding.objects.get().logo_sha256
    with context.inside(globex):
        assert not Branding.objects.exists()


def test_who_is_asked_who_they_are_before_a_logo_is_told_to_choose_it_again(as_admin):
    Session.objects.update(confirmed_at=None)

    asked = upload(as_admin, drawn())
    carried = {**dict(asked.context["page"]["carried"]), asked.context["page"]["mark"]: "1"}
    confirmed = as_admin.post(f"{PATH}logo/", {**carried, "confirm-password": "correct horse battery"})
    again = upload(as_admin, drawn())

    assert (asked.status_code, "choose it once more" in asked.content.decode()) == (403, True)
    assert (confirmed.status_code, "Choose a picture." in confirmed.content.decode()) == (422, True)
    assert again.status_code == 303
