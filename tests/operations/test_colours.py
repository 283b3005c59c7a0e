"""A company's colour: whatever is taken can be read, in light and in dark."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from payymo.operations.colours import CONTROL, TEXT, UnusableColour, contrast, css, palettes, parse

WHITE = (255, 255, 255)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_every_colour_that_is_taken_can_be_read_in_both_modes(colour):
    text = "#{:02x}{:02x}{:02x}".format(*colour)
    assume(contrast(colour, WHITE) >= TEXT)

    for mode, grounds in zip(palettes(text), (("#ffffff", "#f1f3f8"), ("#0b1222", "#111a2e", "#18223a")), strict=True):
        assert contrast(parse(mode.fill), WHITE) >= TEXT
        for ground in (*grounds, mode.tint):
            assert contrast(parse(mode.text), parse(ground)) >= TEXT
        for ground in grounds[:2]:
            assert contrast(parse(mode.fill), parse(ground)) >= CONTROL


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "#ffffff", "#f5b942", "#4c57d6;}", "url(x)"])
def test_what_is_no_colour_or_too_light_is_refused(text):
    with pytest.raises(UnusableColour):
        css(text)


def test_our_own_colour_stays_as_it_is():
    light, _ = palettes("#4C57D6")

    assert (light.fill, light.text) == ("#4c57d6", "#4c57d6")
