"""The review screen: the queue, the panel, and what a decision answers.

The component is used twice, on the tenant's host and inside the staff admin, so every address comes with the objects.

**Forms.** Every decision form sends `version` (the `Panel.version` it was made from) and `key` (`Panel.key`, once).
approve: `candidate`. reject: `candidate`, optional `reason`. hold: `until` (ISO date). ignore: `reason` (one of
`Panel.ignore_reasons`). assign: `assignee`, empty for nobody. comment: `text`. find: POST `invoice`. split: POST
`amount-<invoice uuid>` and `invoice` per row, `rest` (one of `SplitPanel.rest_uses`), and `do`, of which the last
counts: `save`, or `add`, which only shows the editor again with one more `invoice` or with the results of `q`. Script
adds `next`, the payment it shows meanwhile.

**Answers to script** (requests with the header `HX-Request: true`; without it, redirect 303 to the next item):
200 `dashboard/review/decided.html` with a `Decided` (undo: `undone.html` with an `Undone`);
409 `dashboard/review/conflict.html` with a `Conflict`; 422 `dashboard/review/panel.html` with the panel and its
`error`; 401 empty, when signed out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from payymo.dashboard.pages.by_hand import FindPanel, SplitPanel
from payymo.dashboard.pages.comments import CommentLine
from payymo.dashboard.pages.evidence import CandidateCard, ReceiptCard
from payymo.dashboard.pages.values import Amount, BandName, Choice, Filters, Moment


@dataclass(frozen=True, slots=True)
class PanelUrls:
    """Where this payment's decisions go. `panel` is the fragment, `item` the page, `history` the transaction's page."""

    item: str
    panel: str
    approve: str
    reject: str
    hold: str
    ignore: str
    find: str
    split: str
    assign: str = ""
    comment: str = ""
    history: str = ""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which controls the viewer gets; a control that is not allowed is absent."""

    decide: bool = False
    approve: bool = False
    find: bool = False
    split: bool = False
    talk: bool = False


@dataclass(frozen=True, slots=True)
class SavedViewLink:
    """A named state of the queue. Shape: `remove_url` takes a POST and is empty for what is not one's own."""

    name: str
    url: str
    current: bool = False
    remove_url: str = ""


@dataclass(frozen=True, slots=True)
class Views:
    """The saved views of a list. Shape: `save_url` takes a POST of `query` and is empty where nothing is filtered."""

    links: tuple[SavedViewLink, ...] = ()
    query: str = ""
    save_url: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One payment under review.

    Shape: `version` changes whenever a decision made from an older panel must be refused; `key` is made for each
    rendering; `left` is what no match has used yet; `state` is words when the payment is no longer open ("Matched by
    Ana, 12 s ago"); `none_text` says why there is no suggestion, `pays` what each invoice got of it; `summary` is the
    sentence read aloud ("49.00 EUR from Mueller, exact match INV-1038"); `find` or `split` is set when that editor is
    open; `queue` are the filters of the queue it was opened from; `assignee` is the name of who has it, empty for
    nobody; `rest_uses` is offered where a candidate leaves something over, sent as `rest`; `case` says what a payment
    of the sample shows.
    """

    receipt_id: str
    title_name: str
    amount: Amount
    left: Amount
    receipt: ReceiptCard
    candidates: tuple[CandidateCard, ...]
    urls: PanelUrls
    allowed: Allowed
    version: str
    key: str
    summary: str = ""
    none_text: str = ""
    none_facts: tuple[str, ...] = ()
    pays: tuple[str, ...] = ()
    state: str = ""
    error: str = ""
    queue: str = ""
    hold_until: str = ""
    ignore_reasons: tuple[Choice, ...] = ()
    reject_reasons: tuple[Choice, ...] = ()
    rest_uses: tuple[Choice, ...] = ()
    find: FindPanel | None = None
    split: SplitPanel | None = None
    note: str = ""
    assignee: str = ""
    colleagues: tuple[Choice, ...] = ()
    comments: tuple[CommentLine, ...] = ()
    case: str = ""

    @property
    def matched(self) -> Amount:
        """What earlier matches have used."""
        return Amount(self.amount.value - self.left.value, self.amount.currency)

    @property
    def band(self) -> BandName:
        """The best candidate's band."""
        return self.candidates[0].band if self.candidates else "none"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One payment of the queue.

    Shape: `target` is short: the best candidate's title, or empty. `amount` is what is still open of it; `whole` is
    what arrived, where earlier matches used a part.
    """

    receipt_id: str
    name: str
    amount: Amount
    day: date
    reference: str
    target: str
    band: BandName
    url: str
    panel_url: str
    current: bool = False
    whole: Amount | None = None
    assignee: str = ""
    due_text: str = ""


@dataclass(frozen=True, slots=True)
class QueueBand:
    """The rows of one band. `count` is the whole band as it is filtered, or None when it was not counted.

    Shape: without a heading where the rows go on from the page before, or are in another order.
    """

    band: BandName
    count: int | None
    rows: tuple[QueueRow, ...]
    is_headed: bool = True


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of the queue.

    Shape: bands in order of certainty, empty ones left out; a band that goes on from the page before has no heading,
    and in an order by date each stretch of one band follows the next without one. `next_url` is the fragment's,
    `next_page_url` the whole page's; `selects` says that rows can be chosen for a bulk approval.
    """

    bands: tuple[QueueBand, ...]
    next_url: str = ""
    next_page_url: str = ""
    selects: bool = False

    def __bool__(self) -> bool:
        return bool(self.bands)


@dataclass(frozen=True, slots=True)
class UndoBar:
    """The last decision, until it is used, closed or posted. `seconds` counts down to posting; 0 means posted.

    Shape: `undo_url` is empty when it can no longer be undone; `offer` says in words which rule could be made of it, at
    `offer_url`; `held` why it is not posted for now, which ends at `held_url`.
    """

    text: str
    seconds: int
    undo_url: str = ""
    posted_text: str = ""
    offer: str = ""
    offer_url: str = ""
    held: str = ""
    held_url: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the day stands, per currency of the queue (never summed across currencies)."""

    left_count: int
    done_today: int
    amounts: tuple[tuple[Amount, Amount], ...] = ()
    share: Decimal = Decimal(0)

    @property
    def state(self) -> str:
        """A name of these figures, by which script asks whether they have changed."""
        figures = [self.left_count, self.done_today, *(f"{a.value}/{b.value}{b.currency}" for a, b in self.amounts)]
        return "_".join(map(str, figures))


@dataclass(frozen=True, slots=True)
class Hints:
    """How many of a newcomer's `last` first decisions are made; where it is None there are no hints."""

    done: int
    last: int


@dataclass(frozen=True, slots=True)
class Recent:
    """A line of "Recently decided"."""

    text: str
    moment: Moment
    undo_url: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """The review screen. Templates: `dashboard/review/page.html`, fragment `dashboard/review/queue.html`.

    Shape: with no queue, `empty` says why: "done" (all decided), "nothing" (no payment ever), "filtered".
    `base_url` is the review page, `status_url` the counters; `item` says that the address names the payment, which a
    narrow screen then shows instead of the queue.
    """

    queue: QueuePage
    panel: Panel | None
    progress: Progress
    filters: Filters
    base_url: str
    status_url: str
    undo: UndoBar | None = None
    recent: tuple[Recent, ...] = ()
    item: bool = False
    empty: Literal["", "done", "nothing", "filtered"] = ""
    next_sync: str = ""
    notice: str = ""
    views: Views | None = None
    bulk_url: str = ""
    bulk_count: int = 0


@dataclass(frozen=True, slots=True)
class Noted:
    """A payment was given to somebody or commented on. Template `dashboard/review/noted.html`."""

    panel: Panel
    announcement: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """The counters, fetched every 20 s. Template `dashboard/review/status.html`; answer 204 when unchanged."""

    progress: Progress


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision changed. Template `dashboard/review/decided.html`.

    Shape: `removed` leave the queue; `stale` panels must be fetched anew; `panel` is the next one, or the same payment
    when it is still to decide (rejected, partly matched), and may be None; `announcement` is read aloud.
    """

    removed: tuple[str, ...]
    progress: Progress
    announcement: str
    undo: UndoBar | None = None
    panel: Panel | None = None
    stale: tuple[str, ...] = ()
    bands: tuple[QueueBand, ...] = ()


@dataclass(frozen=True, slots=True)
class Undone:
    """A decision taken back: its payment is in the queue again. Template `dashboard/review/undone.html`."""

    row: QueueRow
    panel: Panel
    progress: Progress
    announcement: str
    undo: UndoBar | None = None

    @property
    def group(self) -> QueueBand:
        """The row as the only one of its band, for a queue that has no such band any more."""
        return QueueBand(self.row.band, 1, (self.row,))


@dataclass(frozen=True, slots=True)
class Conflict:
    """Someone was faster. Template `dashboard/review/conflict.html`; `panel` shows the payment as it now is."""

    receipt_id: str
    text: str
    progress: Progress
    gone: bool = True
    panel: Panel | None = None
