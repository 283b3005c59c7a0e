"""Help: the guides in every language, their pictures, and addresses that people guess."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from payymo.dashboard import guides
from payymo.dashboard.urls import ALSO_KNOWN_AS

GUIDES: Path = settings.BASE_DIR / "docs" / "guide"
TRANSLATED = [code for code, _name in settings.LANGUAGES if code != "en"]


def shape(text):
    """Return what two languages have in common: headings, rows of tables, points of lists, and what one types."""
    counted = [len(re.findall(sign, text, re.M)) for sign in (r"^#", r"^\|", r"^(?:-|\d+\.) ", r"^```")]
    return counted, sorted(set(re.findall(r"`([\w.-]+)`", text)))


@pytest.mark.parametrize("name", guides.NAMES)
def test_each_guide_is_a_page(as_viewer, name):
    answer = as_viewer.get(f"/help/{name}/")

    assert answer.status_code == 200
    assert answer.context["page"].html.startswith("<h1>")
    for picture in set(re.findall(r'src="(/help/images/[^"]+)"', answer.context["page"].html)):
        assert as_viewer.get(picture)["Content-Type"] == "image/png"


def test_the_sections_of_a_guide_can_be_gone_to(as_viewer):
    answer = as_viewer.get("/help/bookkeeper/")

    headings = re.findall(r'<h2 id="([\w-]+)">', answer.context["page"].html)
    assert headings == [key for key, _title in answer.context["page"].sections]
    assert f'<a href="#{headings[0]}">{answer.context["page"].sections[0][1]}</a>' in answer.text


def test_what_is_no_guide_or_picture_is_not_found(as_viewer):
    assert as_viewer.get("/help/operator/").status_code == 404
    assert as_viewer.get("/help/images/passwd.png").status_code == 404


# The operator's, too, which is no page of the help.
@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("name", sorted(path.stem for path in GUIDES.glob("*.md")))
def test_each_guide_says_in_every_language_what_the_english_one_says(name, language):
    translated = GUIDES / language / f"{name}.md"

    assert shape(translated.read_text()) == shape((GUIDES / f"{name}.md").read_text())


@pytest.mark.parametrize("guessed", ALSO_KNOWN_AS)
def test_an_address_that_people_guess_leads_to_the_page(as_owner, guessed):
    answer = as_owner.get(f"/{guessed}")

    assert (answer.status_code, as_owner.get(answer["Location"]).status_code) == (302, 200)
