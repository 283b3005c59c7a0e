"""A member's notices in words."""

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext as _

from payymo.dashboard import formats, paging
from payymo.dashboard.links import link
from payymo.dashboard.pages import Choice, FilterChip, Filters, FilterSelect
from payymo.dashboard.pages.notices import KindChoice, NoticeChoicesPage, NoticeRow, NoticesPage
from payymo.notices import words
from payymo.notices.kinds import Kind, Way
from payymo.notices.models import Notice
from payymo.notices.services import reading

MOST_COUNTED = 100
_LOOKS: Mapping[Kind, tuple[str, str]] = {
    Kind.FEED_STOPPED: ("plug", "bad"), Kind.CONSENT_ENDS: ("calendar-clock", "warn"),
    Kind.POSTING_STOPPED: ("triangle-alert", "bad"), Kind.POSTING_UNCLEAR: ("clock", "warn"),
    Kind.PAYMENT_RETURNED: ("undo-2", "bad"), Kind.MONEY_BACK: ("undo-2", "warn"),
    Kind.DISPUTE: ("credit-card", "warn"), Kind.ASSIGNED: ("user", "info"),
    Kind.MENTIONED: ("message-square", "info"), Kind.REVIEW_WAITS: ("list-checks", "info"),
    Kind.IMPORT_REFUSED: ("file-up", "warn"),
    Kind.ENGINE_TRAINED: ("sparkles", "info"), Kind.AUTOMATION_STOPPED: ("ban", "bad"), Kind.LICENCE: ("info", "warn"),
    Kind.API_KEY_MADE: ("key-round", "info"), Kind.STAFF_ENTERED: ("life-buoy", "info"),
    Kind.ENDPOINT_OFF: ("link-2-off", "bad"), Kind.BOOKS_DIFFER: ("list-checks", "bad"),
}  # fmt: skip


def unread_count(request: HttpRequest) -> int | None:
    """Count what the person of this request has not read, up to a hundred; None for staff, who are told nothing."""
    if request.membership is None:
        return None
    found = reading.unread(user_id=request.user.pk, permissions=request.permissions)
    return found.order_by()[:MOST_COUNTED].count()


def listing(request: HttpRequest, *, now: datetime) -> NoticesPage:
    """Build the list, 50 a page."""
    state = paging.asked_choice(request, "state", ("unread",))
    mine = reading.visible(user_id=request.user.pk, permissions=request.permissions)
    rows = mine.filter(read_at=None) if state else mine
    position = paging.cursor(request)
    rows = rows.filter(pk__lt=position[1]) if position else rows
    shown, more = paging.page_of(request, list(rows.order_by("-pk")[: paging.PAGE_SIZE + 1]))
    choices = (Choice("", _("All")), Choice("unread", _("Not read"), bool(state)))
    return NoticesPage(
        rows=tuple(_row(notice, now) for notice in shown),
        filters=Filters(
            selects=(FilterSelect("state", _("Shown"), choices),),
            chips=(FilterChip(_("Not read"), paging.without(request, "state")),) if state else (),
            clear_url=request.path,
            has_search=False,
        ),
        pager=paging.pager(request, after=f"n_{shown[-1].pk}" if more else ""),
        read_all_url=link("notices_read") if mine.filter(read_at=None).exists() else "",
        choose_url=link("notice_choices"),
        mute_url=link("notice_mute"),
    )


def _row(notice: Notice, now: datetime) -> NoticeRow:
    event = notice.event
    icon, tone = _LOOKS[Kind(event.kind)]
    return NoticeRow(
        text=words.text_of(event),
        kind=str(Kind(event.kind).label),
        moment=formats.moment(event.happened_at, now),
        icon=icon,
        tone="neutral" if notice.read_at else tone,  # type: ignore[arg-type]
        open_url=link("notice_open", notice.public_id),
        code=event.kind,
        read_url="" if notice.read_at else link("notice_read", notice.public_id),
    )


def choices(request: HttpRequest) -> NoticeChoicesPage:
    """Build the page of preferences."""
    ways = reading.ways_of(user_id=request.user.pk, permissions=request.permissions)
    return NoticeChoicesPage(
        kinds=tuple(
            KindChoice(
                kind.value, str(kind.label), tuple(Choice(each.value, str(each.label), each == way) for each in Way)
            )
            for kind, way in ways.items()
        ),
        email=request.user.email,
        back_url=link("notices"),
    )
