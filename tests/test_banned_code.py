"""What no line of the served product may do, read from its syntax; each ban is proved on code that breaks it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

CHECKOUT = Path(__file__).resolve().parents[1]
APPS = ("accounts", "banking", "matching", "payments", "payymo", "tenants", "whmcs")
# Stand-ins and launcher serve nobody and are told apart in `lint-imports`.
LEFT_OUT = ("payymo/sandbox/", "payymo/local/", "payymo/dashboard/assets/", "/migrations/")


def sources() -> Iterator[Path]:
    for app in APPS:
        for path in sorted((CHECKOUT / app).rglob("*.py")):
            name = path.relative_to(CHECKOUT).as_posix()
            if not any(part in name for part in LEFT_OUT):
                yield path


def dotted(node: ast.AST) -> str:
    """Write `a.b.c` of a name or an attribute; empty for anything else."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return node.id if isinstance(node, ast.Name) else ""


@dataclass(frozen=True)
class Ban:
    """What may not be imported, called or assigned, why, and where it may be all the same."""

    why: str
    breaks: str
    imports: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    keywords: tuple[tuple[str, object], ...] = ()
    assigns: tuple[str, ...] = ()
    allowed: frozenset[str] = frozenset()

    def found(self, tree: ast.AST) -> Iterator[int]:
        """Yield the line of each breach."""
        for node in ast.walk(tree):
            if any(self._is_in(node)):
                yield node.lineno  # type: ignore[attr-defined]

    def _is_in(self, node: ast.AST) -> Iterator[bool]:
        if isinstance(node, ast.Import):
            yield any(self._names(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield any(self._names(f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call):
            yield any(self._is_called(dotted(node.func), call) for call in self.calls)
            given = {(word.arg, word.value.value) for word in node.keywords if isinstance(word.value, ast.Constant)}
            yield bool(given & set(self.keywords))
        elif isinstance(node, ast.Assign):
            yield any(dotted(target) in self.assigns for target in node.targets)

    @staticmethod
    def _is_called(name: str, call: str) -> bool:
        return name == call or name.endswith(f".{call}")

    def _names(self, imported: str) -> bool:
        return any(imported == name or imported.startswith(f"{name}.") for name in self.imports)


BANS = {
    "page caching": Ban(
        "an authenticated answer must never be kept for somebody else",
        "from django.views.decorators.cache import cache_page",
        imports=("django.views.decorators.cache.cache_page", "django.middleware.cache"),
        calls=("cache_page",),
    ),
    "unverified TLS": Ban(
        "whoever answers would be believed",
        "session.get(url, verify=False)",
        keywords=(("verify", False),),
        calls=("ssl._create_unverified_context",),
    ),
    "redirects": Ban(
        "a checked address would lead to one that was not",
        "session.get(url, allow_redirects=True)",
        keywords=(("allow_redirects", True), ("follow_redirects", True)),
    ),
    "objects from bytes": Ban(
        "loading them runs what they say",
        "import pickle",
        imports=("pickle", "cPickle", "marshal", "shelve", "dill", "jsonpickle", "yaml"),
    ),
    "code from text": Ban("text becomes code", "eval(rule.pattern)", calls=("eval", "exec", "compile_command")),
    "templates from text": Ban(
        "what somebody typed would be run as a template",
        "engines['django'].from_string(rule.name)",
        calls=("from_string",),
        imports=("django.template.Template",),
    ),
    "a shell": Ban(
        "a name becomes a command",
        "subprocess.run(line, shell=True)",
        keywords=(("shell", True),),
        calls=("os.system", "os.popen"),
    ),
    "HTTP beside the one client": Ban(
        "limits, address check, breaker and redaction are in payymo.shared.http",
        "import requests",
        imports=("requests", "httpx", "urllib3", "urllib.request", "http.client", "aiohttp"),
        allowed=frozenset({"payymo/shared/http.py", "payymo/shared/addresses.py"}),
    ),
    "a global Stripe key": Ban(
        "one tenant's call would be made with another's key",
        "stripe.api_key = key",
        assigns=("stripe.api_key", "stripe.client_id", "stripe.default_http_client"),
    ),
    "an unsigned webhook": Ban(
        "anybody could report a payment",
        "event = stripe.Event.construct_from(body, None)",
        calls=("Event.construct_from", "stripe.Event.retrieve"),
    ),
    "weak hashes": Ban(
        "MD5 and SHA-1 are used for nothing",
        "hashlib.md5(b'')",
        calls=("hashlib.md5", "hashlib.sha1"),
        imports=("hashlib.md5", "hashlib.sha1"),
    ),
    "guessable chance": Ban(
        "secrets come from the module `secrets`",
        "import random",
        imports=("random",),
        allowed=frozenset({"payymo/shared/http.py"}),  # the pause between tries
    ),
    "threads of our own": Ban(
        "a new thread starts in the shared schema",
        "threading.Thread(target=work).start()",
        calls=("threading.Thread", "ThreadPoolExecutor", "Timer"),
        imports=("concurrent.futures", "asyncio", "gevent"),
        allowed=frozenset({"whmcs/clients/at_once.py"}),  # they only talk HTTP: the caller asks the database
    ),
    "another schema switch": Ban(
        "tenants.context is the only one",
        "connection.set_tenant(tenant)",
        calls=("connection.set_tenant", "connection.set_schema", "schema_context", "tenant_context"),
        imports=("django_tenants.utils.schema_context", "django_tenants.utils.tenant_context"),
        allowed=frozenset({"tenants/context.py"}),
    ),
    "SQL pieced together by the ORM's back doors": Ban(
        "filters come from allowlists, values are parameters",
        "Invoice.objects.extra(where=[text])",
        calls=("objects.raw", "objects.extra", "RawSQL"),
    ),
    "printing": Ban("logs are JSON with allowed fields", "print(secret)", calls=("print",)),
    "stock token views": Ban(
        "out of the box a token of one tenant opens every other",
        "from rest_framework_simplejwt.views import TokenObtainPairView",
        imports=("rest_framework_simplejwt.views", "rest_framework_simplejwt.authentication"),
    ),
    "stock throttles": Ban(
        "they read, then write: N callers at once pass a limit of one",
        "from rest_framework.throttling import UserRateThrottle",
        imports=tuple(
            f"rest_framework.throttling.{name}RateThrottle" for name in ("Simple", "Anon", "User", "Scoped")
        ),
    ),
    "long ETAs": Ban(
        "later work is a row with a due time",
        "task.apply_async(eta=tomorrow)",
        keywords=(("eta", None),),
    ),
}  # fmt: skip
# Where a check is left out on purpose, and what takes its place.
UNCHECKED = {
    "csrf_exempt": {
        "payments/api/views.py": "Stripe has no cookie; the signature over the raw bytes is checked",
        "payments/api/connect.py": "Stripe has no cookie; the signature over the raw bytes is checked",
        "whmcs/api/webhooks.py": "an addon module has no cookie; the signature over the raw bytes is checked",
        "payymo/dashboard/views/notices.py": "a mail program has no cookie; the signed link of the mail is checked",
        "payymo/dashboard/views/imports.py": "the size is checked first, then `csrf_protect` inside",
    },
    "AllowAny": {
        "accounts/api/views.py": "signing in itself",
        "payymo/operations/services/permission_table.py": "says who may call what",
    },
}


@pytest.mark.parametrize("name", BANS)
def test_no_line_of_the_product_breaks_the_ban(name):
    ban = BANS[name]

    breaches = [
        f"{path.relative_to(CHECKOUT)}:{line}"
        for path in sources()
        if path.relative_to(CHECKOUT).as_posix() not in ban.allowed
        for line in ban.found(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert breaches == [], f"{name}: {ban.why}"


@pytest.mark.parametrize("name", [name for name in BANS if name != "long ETAs"])
def test_the_ban_is_noticed_where_it_is_broken(name):
    assert list(BANS[name].found(ast.parse(BANS[name].breaks))) == [1]


@pytest.mark.parametrize("name", BANS)
def test_a_file_that_may_is_there_and_needs_to(name):
    for allowed in BANS[name].allowed - {"payymo/shared/addresses.py"}:
        assert list(BANS[name].found(ast.parse((CHECKOUT / allowed).read_text(encoding="utf-8")))), allowed


def test_no_task_is_sent_for_a_time_long_away():
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and dotted(node.func).endswith(("apply_async", "send_task")):
                assert "eta" not in {word.arg for word in node.keywords}, path


@pytest.mark.parametrize("word", UNCHECKED)
def test_a_check_is_left_out_only_where_something_takes_its_place(word):
    using = {
        path.relative_to(CHECKOUT).as_posix()
        for path in sources()
        if re.search(rf"\b{word}\b", path.read_text(encoding="utf-8"))
    }

    assert using == set(UNCHECKED[word])


def test_every_exception_from_a_security_rule_says_why():
    without = [
        f"{path.relative_to(CHECKOUT)}:{number}"
        for path in sources()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"# noqa: S\d", line) and not re.search(r"# noqa: S\d+ - \w", line)
    ]

    assert without == []


def test_the_settings_keep_the_bans():
    assert not [name for name in settings.MIDDLEWARE if "middleware.cache" in name]
    assert settings.TENANT_LIMIT_SET_CALLS is False
    assert settings.DEBUG is False
    assert settings.ANONYMOUS_USER_NAME is None
    assert settings.CELERY_TASK_SERIALIZER == "json"
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    assert not hasattr(settings, "CORS_ALLOWED_ORIGINS")
