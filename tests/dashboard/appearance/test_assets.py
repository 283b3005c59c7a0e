"""What is committed under static/ is what the manifest says, and no heavier than agreed."""

import gzip
import hashlib
import json
import re
from pathlib import Path

STATIC = Path("payymo/dashboard/static/dashboard")
ASSETS = Path("payymo/dashboard/assets")


def manifest() -> dict:
    return json.loads((ASSETS / "vendor.json").read_text())


def weight(*names: str) -> int:
    return sum(len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in names)


def test_every_built_file_has_the_checksum_of_the_manifest():
    found = {
        str(path.relative_to(STATIC)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in STATIC.rglob("*")
        if path.is_file()
    }

    assert found == manifest()["built"]


def test_every_third_party_package_is_pinned_licensed_and_ships_its_licence():
    pinned = json.loads((ASSETS / "package.json").read_text())["devDependencies"]

    for package in manifest()["packages"]:
        assert package["version"] == pinned[package["name"]]
        assert package["licence"] in {"MIT", "0BSD", "ISC", "OFL-1.1"}
        assert all(re.fullmatch("[0-9a-f]{64}", checksum) for checksum in package["files"].values())
    assert len(list((STATIC / "licences").iterdir())) == len(manifest()["packages"])


def test_weights_stay_within_the_budget():
    assert weight("js/app.js") <= 48_000
    assert weight("js/review.js") <= 8_000
    assert weight("css/theme.css", "css/pm.css") <= 40_000
    assert weight("fonts/roboto-latin-wght-normal.woff2") <= 44_000


BY_HAND = r"(?:inner|outer)HTML = |insertAdjacentHTML|document\.write|eval\(|new Function|localStorage|sessionStorage"


def test_scripts_keep_nothing_run_no_text_and_take_markup_from_the_server_in_one_place():
    found = {
        (path.name, word) for path in (ASSETS / "js").rglob("*.js") for word in re.findall(BY_HAND, path.read_text())
    }

    assert found == {("fragments.js", "innerHTML = ")}


def test_nothing_is_loaded_from_elsewhere():
    for path in STATIC.rglob("*.css"):
        addresses = re.findall(r"url\(\"?([^\")]+)", path.read_text())
        assert [each for each in addresses if not each.startswith(("data:", "../fonts/"))] == []


def test_every_icon_used_is_in_the_sprite():
    symbols = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons/sprite.svg").read_text()))
    used: set[str] = set()
    for path in Path("templates").rglob("*.html"):
        text = path.read_text()
        used |= set(re.findall(r'{% icon "([a-z0-9-]+)"', text)) | set(re.findall(r'icon_name="([a-z0-9-]+)"', text))

    assert used - symbols == set()
