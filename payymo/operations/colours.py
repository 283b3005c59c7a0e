"""A company's colour within the limits of contrast: what is drawn with it in light and dark. Plain Python.

Source: WCAG 2.2, relative luminance, 1.4.3 (text 4.5:1) and 1.4.11 (controls 3:1).
"""

import re
from dataclasses import dataclass

Rgb = tuple[int, int, int]
TEXT, CONTROL = 4.5, 3.0
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
# The lightest and darkest grounds that text stands on, in light and in dark: see the tokens of pm.css.
_LIGHT_GROUNDS: tuple[Rgb, ...] = ((255, 255, 255), (241, 243, 248))
_DARK_GROUNDS: tuple[Rgb, ...] = ((11, 18, 34), (17, 26, 46), (24, 34, 58))
_WRITTEN = re.compile(r"#[0-9a-f]{6}")
_STEPS = 100


class UnusableColour(ValueError):
    """It is not written as #rrggbb, or white text on it could not be read."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one mode: behind white text, as text, and as a tint behind that text."""

    fill: str
    text: str
    tint: str


def parse(text: str) -> Rgb:
    """Read `#4c57d6`.

    Raises: UnusableColour.
    """
    written = text.strip().lower()
    if not _WRITTEN.fullmatch(written):
        raise UnusableColour(text)
    return int(written[1:3], 16), int(written[3:5], 16), int(written[5:7], 16)


def written(colour: Rgb) -> str:
    """Write it as `#4c57d6`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(part) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _until(colour: Rgb, towards: Rgb, grounds: tuple[Rgb, ...], least: float) -> Rgb:
    """Go from the colour towards black or white until it stands out from each ground."""
    for step in range(_STEPS + 1):
        tried = _mixed(colour, towards, step / _STEPS)
        if all(contrast(tried, ground) >= least for ground in grounds):
            return tried
    return towards


def palettes(text: str) -> tuple[Palette, Palette]:
    """Return what light and dark are drawn with.

    Raises: UnusableColour for what is no colour, and for one that is too light for white text.
    """
    colour = parse(text)
    if contrast(colour, _WHITE) < TEXT:
        raise UnusableColour(text)
    tint = _mixed(colour, _WHITE, 0.9)
    light = Palette(written(colour), written(_until(colour, _BLACK, (*_LIGHT_GROUNDS, tint), TEXT)), written(tint))
    dark_tint = _mixed(_DARK_GROUNDS[1], colour, 0.3)
    # Lighter until the button is seen, which white text on it still allows.
    fill = _until(colour, _WHITE, _DARK_GROUNDS[:2], CONTROL)
    dark = Palette(
        written(fill), written(_until(colour, _WHITE, (*_DARK_GROUNDS, dark_tint), TEXT)), written(dark_tint)
    )
    return light, dark


def css(text: str) -> str:
    """Write the style sheet that draws a company's pages in its colour.

    Raises: UnusableColour.
    """
    return "".join(
        f'[data-bs-theme="{mode}"]{{--pm-primary:{each.fill};--pm-primary-text:{each.text};--pm-primary-tint:{each.tint};'
        f"--bs-primary:{each.fill};--bs-link-color:{each.text};--bs-link-color-rgb:{_parts(each.text)};"
        f"--bs-link-hover-color-rgb:{_parts(each.text)}}}"
        f'[data-bs-theme="{mode}"] .btn-primary{{--bs-btn-bg:{each.fill};--bs-btn-border-color:{each.fill};'
        f"--bs-btn-hover-bg:{each.fill};--bs-btn-hover-border-color:{each.fill};--bs-btn-active-bg:{each.fill};"
        f"--bs-btn-disabled-bg:{each.fill};--bs-btn-disabled-border-color:{each.fill}}}"
        for mode, each in zip(("light", "dark"), palettes(text), strict=True)
    )


def _parts(colour: str) -> str:
    return ",".join(str(part) for part in parse(colour))
