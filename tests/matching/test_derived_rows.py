"""What is written down for look-ups was derived by the core as it is now."""

import hashlib
import json

from matching.core.book import domains_in, stem_of
from matching.core.names import deletions, forms_of
from matching.core.numbers import keys_of, prefix_of, running_part
from matching.core.types import Client

_NUMBERS = ("INV-2026-00042", "RE20260017", "2026/11/0007", "1042", "", "Ａ-１２", "№ 77", "INV-1-2-3", "A0012")
_NAMES = (
    ("Jürgen", "Müller-Lüdenscheidt", "Müller & Söhne GmbH & Co. KG"),
    ("Siobhán", "O'Connor", ""),
    ("Христо", "Георгиев", "Łukasz Sp. z o.o."),
    ("", "", "The A. B. C. Company Ltd"),
)
_TEXTS = (
    "Web hosting - shop.example.co.uk (1 year)",
    "Domain müller.example, www.a-b.example.com",
    "no domain. At all",
)


def test_a_change_of_what_is_derived_comes_with_a_migration_that_takes_all_up_again():
    derived = [
        [[sorted(keys_of(number)), prefix_of(number), running_part(number)] for number in _NUMBERS],
        [forms_of(Client(1, *name)) for name in _NAMES],
        [[(domain, stem_of(domain)) for domain in domains_in(text)] for text in _TEXTS],
        sorted(deletions("MULLER")),
    ]

    # Another digest: write a migration with "UPDATE whmcs_invoice SET matched_at = NULL", then pin the new one.
    digest = hashlib.sha256(json.dumps(derived).encode()).hexdigest()[:16]
    assert digest == "bbf8772bd47541a0", derived
