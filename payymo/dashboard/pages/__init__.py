"""Frozen page objects: the contract between what a view reads and what a template shows.

A view builds one object and renders `TEMPLATE` with `{"shell": Shell, "page": <object>}`; a fragment needs `page` only.
Nothing in a template asks the database, and nothing here does either.

| URL name | template | object |
|---|---|---|
| dashboard:overview | dashboard/overview.html | OverviewPage |
| dashboard:review, review_item | dashboard/review/page.html | ReviewPage |
| review/queue/ | dashboard/review/queue.html | QueuePage |
| review/<receipt>/panel/, find/, split/ (HX-Request) | dashboard/review/panel.html | Panel |
| decisions (HX-Request) | dashboard/review/decided.html, undone.html, conflict.html | Decided, Undone, Conflict |
| assign/, comment/ (HX-Request) | dashboard/review/noted.html | Noted |
| dashboard:review_bulk, review_batch | dashboard/review/bulk.html, batch.html | BulkPage, BatchPage |
| review/status/ | dashboard/review/status.html | Status |
| dashboard:transactions | dashboard/transactions.html | TransactionsPage |
| dashboard:transaction | dashboard/transaction.html | TransactionPage |
| dashboard:invoices, invoice | dashboard/invoices.html, invoice.html | InvoicesPage, InvoicePage |
| dashboard:payouts, payout | dashboard/payouts.html, payout.html | PayoutsPage, PayoutPage |
| dashboard:three_way | dashboard/three_way.html | ThreeWayReport |
| dashboard:postings | dashboard/postings.html | PostingsPage |
| dashboard:returns | dashboard/returns.html | ReturnsPage |
| dashboard:activity | dashboard/activity.html | ActivityPage |
| dashboard:engine | dashboard/engine.html | EnginePage |
| dashboard:reports, report | dashboard/reports/list.html, report.html | ReportsPage, ReportPage (`pages/reports.py`) |
| dashboard:connections | dashboard/connections/list.html | ConnectionsPage |
| dashboard:connect_whmcs, connect_stripe, connect_gocardless | dashboard/connections/form.html | ConnectFormPage |
| dashboard:whmcs_module | dashboard/connections/module.html | WhmcsModulePage |
| dashboard:connect_bank | dashboard/connections/bank.html | BankPage |
| dashboard:imports, import_archive | dashboard/imports/list.html | ImportsPage |
| dashboard:import_new | dashboard/imports/upload.html | UploadPage |
| dashboard:import | dashboard/imports/detail.html | ImportPage |
| dashboard:settings_matching | dashboard/settings/matching.html | MatchingSettingsPage |
| dashboard:settings_licence | dashboard/settings/licence.html | LicencePage |
| accounts:login | accounts/login.html | SignInPage (no shell) |
| errors | 400, 403, 404, 409, 413, 429 .html | ErrorPage (no shell); 500 and 503 are static |
| staff review | admin/review.html | ReviewPage, and `staff_strip: StaffStrip` on every admin page inside a tenant |
"""

from payymo.dashboard.pages.bulk import BatchPage, BatchRow, BulkPage, BulkRow
from payymo.dashboard.pages.by_hand import CreditResult, FindPanel, FindResult, SplitPanel, SplitRow
from payymo.dashboard.pages.comments import CommentLine
from payymo.dashboard.pages.engine import EnginePage, StopCard, VersionRow
from payymo.dashboard.pages.evidence import CandidateCard, InvoiceLine, Mark, ReasonLine, ReceiptCard
from payymo.dashboard.pages.imports import (
    ArchiveBox,
    ImportPage,
    ImportRow,
    ImportsPage,
    LineNote,
    PreviewRow,
    Proof,
    UploadPage,
)
from payymo.dashboard.pages.payouts import (
    BankEntry,
    EquationLine,
    OtherPayout,
    PayoutChoice,
    PayoutItem,
    PayoutPage,
    PayoutRow,
    PayoutsPage,
    SettledEntry,
)
from payymo.dashboard.pages.postings import PostingRow, PostingsPage, StoppedPosting
from payymo.dashboard.pages.records import (
    ActivityPage,
    AllocationRow,
    BandCount,
    Feed,
    Figure,
    Flow,
    FlowDay,
    FlowRow,
    InvoiceItem,
    InvoicePage,
    InvoiceRow,
    InvoicesPage,
    OpenMoney,
    OverviewPage,
    ReceivedRow,
    SetupStep,
    Spark,
    StoppingRow,
    TransactionPage,
    TransactionRow,
    TransactionsPage,
)
from payymo.dashboard.pages.returns import PairNote, ReturnRow, ReturnsPage, TakenBackNote, TakenBackStep
from payymo.dashboard.pages.review import (
    Allowed,
    Conflict,
    Decided,
    Hints,
    Noted,
    Panel,
    PanelUrls,
    Progress,
    QueueBand,
    QueuePage,
    QueueRow,
    Recent,
    ReviewPage,
    SavedViewLink,
    Status,
    UndoBar,
    Undone,
    Views,
)
from payymo.dashboard.pages.settings import (
    AccountLine,
    BankPage,
    ConnectFormPage,
    ConnectionCard,
    ConnectionsPage,
    Forecast,
    Institution,
    MatchingSettingsPage,
    Provider,
    ProviderTile,
    SignInPage,
)
from payymo.dashboard.pages.shell import (
    Banner,
    ErrorPage,
    Section,
    Shell,
    StaffStrip,
)
from payymo.dashboard.pages.three_way import ThreeWayLine, ThreeWayList, ThreeWayReport
from payymo.dashboard.pages.values import (
    Amount,
    BandName,
    Change,
    Chip,
    Choice,
    Event,
    Fact,
    FilterChip,
    Filters,
    FilterSelect,
    Head,
    Marked,
    Moment,
    Pager,
    Span,
    Table,
    Tone,
)

__all__ = [
    "AccountLine",
    "ActivityPage",
    "AllocationRow",
    "Allowed",
    "Amount",
    "ArchiveBox",
    "BandCount",
    "BandName",
    "BankEntry",
    "BankPage",
    "Banner",
    "BatchPage",
    "BatchRow",
    "BulkPage",
    "BulkRow",
    "CandidateCard",
    "Change",
    "Chip",
    "Choice",
    "CommentLine",
    "Conflict",
    "ConnectFormPage",
    "ConnectionCard",
    "ConnectionsPage",
    "CreditResult",
    "Decided",
    "EnginePage",
    "EquationLine",
    "ErrorPage",
    "Event",
    "Fact",
    "Feed",
    "Figure",
    "FilterChip",
    "FilterSelect",
    "Filters",
    "FindPanel",
    "FindResult",
    "Flow",
    "FlowDay",
    "FlowRow",
    "Forecast",
    "Head",
    "Hints",
    "ImportPage",
    "ImportRow",
    "ImportsPage",
    "Institution",
    "InvoiceItem",
    "InvoiceLine",
    "InvoicePage",
    "InvoiceRow",
    "InvoicesPage",
    "LineNote",
    "Mark",
    "Marked",
    "MatchingSettingsPage",
    "Moment",
    "Noted",
    "OpenMoney",
    "OtherPayout",
    "OverviewPage",
    "Pager",
    "PairNote",
    "Panel",
    "PanelUrls",
    "PayoutChoice",
    "PayoutItem",
    "PayoutPage",
    "PayoutRow",
    "PayoutsPage",
    "PostingRow",
    "PostingsPage",
    "PreviewRow",
    "Progress",
    "Proof",
    "Provider",
    "ProviderTile",
    "QueueBand",
    "QueuePage",
    "QueueRow",
    "ReasonLine",
    "ReceiptCard",
    "ReceivedRow",
    "Recent",
    "ReturnRow",
    "ReturnsPage",
    "ReviewPage",
    "SavedViewLink",
    "Section",
    "SettledEntry",
    "SetupStep",
    "Shell",
    "SignInPage",
    "Span",
    "Spark",
    "SplitPanel",
    "SplitRow",
    "StaffStrip",
    "Status",
    "StopCard",
    "StoppedPosting",
    "StoppingRow",
    "Table",
    "TakenBackNote",
    "TakenBackStep",
    "ThreeWayLine",
    "ThreeWayList",
    "ThreeWayReport",
    "Tone",
    "TransactionPage",
    "TransactionRow",
    "TransactionsPage",
    "UndoBar",
    "Undone",
    "UploadPage",
    "VersionRow",
    "Views",
]
