"""How long somebody has to wait, in words."""

import pytest
from django.utils import translation

from payymo.shared import figures


@pytest.mark.parametrize(
    ("seconds", "language", "said"),
    [
        (1, "en", "1 second"), (90, "en", "90 seconds"), (91, "en", "2 minutes"), (900, "de", "15 Minuten"),
        (5401, "en", "2 hours"), (86_400, "de", "24 Stunden"),
    ],
)  # fmt: skip
def test_a_wait_is_said_in_one_unit_and_never_shorter_than_it_is(seconds, language, said):
    with translation.override(language):
        assert figures.wait(seconds) == said
