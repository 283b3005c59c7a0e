"""Every state of every component, in a real browser: the gates that the product's own pages pass."""

from tests.dashboard.appearance.test_templates import PAGES
from tests.dashboard.whole import crawl, looking

# Django's own markup around the review on the staff host; the component is the same.
OWN_PAGES = [path for path in PAGES if path != "/admin/"]


def test_every_state_in_the_gallery_passes_every_gate(visitor):
    pages = [crawl.opened(visitor, path) for path in OWN_PAGES]

    assert looking.wrong_pages(pages, "gallery.localhost") == {}
