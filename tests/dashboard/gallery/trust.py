"""Roles, personal data and archives with invented data."""

from __future__ import annotations

from payymo.dashboard.forms_data import PersonForm, RetentionForm
from payymo.dashboard.forms_members import RoleForm
from payymo.dashboard.pages.data import ExportRow, ExportsPage, PersonsPage, RetentionPage
from payymo.dashboard.pages.roles import RolePage, RoleRow, RolesPage
from payymo.dashboard.pages.values import Chip, Choice, Fact
from tests.dashboard.gallery.common import ago

RIGHTS = ("See payments and what is proposed for them", "Approve, reject, split, hold and ignore payments")


def roles() -> RolesPage:
    own = (RoleRow("Buchhaltung Außenstelle", 2, RIGHTS, "/members/roles/one/"), RoleRow("Auditor", 0, RIGHTS[:1]))
    return RolesPage(own, (RoleRow("Viewer", 1, RIGHTS[:1]), RoleRow("Owner", 1, RIGHTS * 4)), "/members/roles/new/")


def role() -> RolePage:
    choices = [("review.view", RIGHTS[0]), ("review.decide", RIGHTS[1])]
    form = RoleForm({"name": "", "permissions": ["review.view"]}, choices=choices)
    form.is_valid()
    others = (Choice("viewer", "Viewer"), Choice("reviewer", "Reviewer"))
    return RolePage("Buchhaltung Außenstelle", form, "/members/roles/one/remove/", others, 2)


def retention() -> RetentionPage:
    form = RetentionForm({"unmatched_days": 60, "bookkeeping_years": 10, "seen": "60/10"})
    goes = (Fact("Unmatched bank entries lose their payer", "1,204"), Fact("Answers of banks go", "31"))
    return RetentionPage(form, goes, asks=True)


def person() -> PersonsPage:
    form = PersonForm({"name": "Erika Muster", "confirm": "Erika"})
    form.is_valid()
    form.is_confirmed()
    goes, stays = (Fact("Bank entries", "3"),), (Fact("Clients", "1"), Fact("Bank entries", "12"))
    reason = "Bookkeeping: invoices and the payments that settle them are kept for 10 years."
    return PersonsPage(form, True, goes, stays, reason, (("name", "Erika Muster"),))


def nobody() -> PersonsPage:
    return PersonsPage(PersonForm({"name": "Nobody"}), True)


def exports() -> ExportsPage:
    ready = ExportRow(
        Chip("Ready", "ok"), "Ana Petrova", ago(hours=2), "81,204 rows, 12 MB. It goes in 22 hr.", "0a1b2c3d" * 8, "/x/"
    )
    failed = ExportRow(Chip("Failed", "bad"), "Ana Petrova", ago(days=2), "It could not be made.")
    return ExportsPage((ready, failed, ExportRow(Chip("Gone"), "Tom Weber", ago(days=9))), "/x/")
