"""The published table of who may call what is the code's."""

from pathlib import Path

from accounts.permissions import BUILTIN_ROLES, LIMITED, PERMISSIONS
from payymo.operations.services.permission_table import operations, table

FILE = Path(__file__).parents[2] / "docs" / "security" / "permissions.md"
# Everything that nobody has to be known for.
OPEN = {
    "/.well-known/jwks.json", "/health/live", "/health/ready", "/login/", "/logout/", "/2fa/",
    "/api/v1/auth/token/", "/api/v1/auth/token/refresh/", "/api/v1/auth/token/revoke/", "/api/v1/auth/token/verify/",
}  # fmt: skip


def test_the_file_in_the_documents_is_the_code():
    assert FILE.read_text(encoding="utf-8") == table(), "run `make openapi`"


def test_every_operation_asks_for_a_known_permission_or_is_on_the_short_list():
    for each in operations():
        known = each.needs in PERMISSIONS or each.needs.startswith("any member")
        signed = each.needs == "a signature of the provider" and each.path.startswith("/api/v1/webhooks/")
        assert known or signed or each.path in OPEN or is_by_link(each.path), each


def is_by_link(path):
    """Return whether a link from a mail opens it: its secret is the key."""
    return path.startswith(("/invite/", "/password/", "/notifications/stop/"))


def test_every_permission_opens_something():
    used = {each.needs for each in operations()}

    assert PERMISSIONS.keys() - used <= {"review.bulk"}


def test_no_act_of_the_review_screen_asks_again_since_its_script_could_not_answer():
    of_review = [each for each in operations() if each.path.startswith("/review/")]

    assert "/review/{receipt_id}/approve/" in {each.path for each in of_review}
    assert [each for each in of_review if each.again] == []


def test_whatever_administers_the_company_is_refused_to_the_limited_and_to_viewers():
    whole = {"members.change", "api_keys.change", "settings.change", "connections.change", "rules.change", "audit.view"}

    assert not whole & (LIMITED | BUILTIN_ROLES["viewer"])
