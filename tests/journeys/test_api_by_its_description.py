"""Requests made up from the API's description against the served product, as a tenant's owner and as a stranger."""

import re
import subprocess
import sys
from pathlib import Path

import requests
import yaml

from matching.models import Proposal
from tests.conftest import PASSWORD

SCHEMATHESIS = Path(sys.executable).with_name("st")
FILE = Path(__file__).parents[2] / "docs" / "api" / "openapi.yaml"
# Signing in is tried by tests of its own, which know the limits on guessing: a made-up body would use them up, and
# signing out everywhere would leave nothing to try.
ABSENT = "e3e70682-c209-1cac-a29f-6fbed82c07cd"
NOT_TRIED = "/auth/(token|password|step-up)/|/auth/sessions/$"


# The usual ones, and what GoCardless wants to hear of a wrong signature.
REFUSALS = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "498", "5xx"]


def token(served, tenant):
    answer = requests.post(
        f"http://127.0.0.1:{served.port}/api/v1/auth/token/",
        json={"email": f"owner@{tenant}.example", "password": PASSWORD},
        headers={"Host": f"{tenant}.localhost"},
        timeout=120,
    )
    return answer.json()["access"]


def try_everything(served, tmp_path, host, bearer, examples):
    settings = tmp_path / "schemathesis.toml"
    checks = ("negative_data_rejection", "missing_required_header")
    settings.write_text("".join(f"[checks.{check}]\nexpected-statuses = {REFUSALS}\n" for check in checks))
    # What a schema cannot say (a bank that exists, a pattern that can be read) is refused with 400: no fault.
    return subprocess.run(
        [
            *(SCHEMATHESIS, "--config-file", settings, "run", FILE, "--url", f"http://127.0.0.1:{served.port}"),
            *("-H", f"Host: {host}.localhost", "-H", f"Authorization: Bearer {bearer}"),
            *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
            *("--max-examples", str(examples), "--seed", "7", "--no-color", "--exclude-path-regex", NOT_TRIED),
            *("--phases", "examples,coverage,fuzzing", "--generation-database", "none"),
            # That a busy machine takes long is no fault of the API.
            *("--request-timeout", "120", "--suppress-health-check", "too_slow"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )


def test_nothing_made_up_from_the_description_breaks_the_api(served, connected, tmp_path):
    done = try_everything(served, tmp_path, "acme", token(served, "acme"), examples=2)

    assert done.returncode == 0, done.stdout.partition(" FAILURES ")[2][:6000] + done.stderr[-2000:]


def test_another_tenants_token_opens_nothing_at_all(served, connected, tmp_path):
    before = list(Proposal.objects.order_by("pk").values_list("pk", "status"))
    foreign = token(served, "globex")
    filled = {"{public_id}": ABSENT, "{code}": "absent", "{name}": "absent", "{whmcs_id}": "501"}

    answers = {
        requests.request(
            method,
            f"http://127.0.0.1:{served.port}" + re.sub(r"{\w+}", lambda name: filled[name[0]], path),
            headers={"Host": "acme.localhost", "Authorization": f"Bearer {foreign}", "Idempotency-Key": "k"},
            json={},
            timeout=120,
        ).status_code
        for path, method in operations()
    }

    assert answers == {401}
    assert list(Proposal.objects.order_by("pk").values_list("pk", "status")) == before


def operations():
    described = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if {} not in operation.get("security", [{}]):
                yield path, method
