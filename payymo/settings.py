"""Every setting, read once from the environment. `.env.example` lists and explains each variable.

Three modes: `production` refuses to start on anything unsafe; `demo` runs on one machine over plain HTTP with the
provider stand-ins; `test` is `demo` with fast password hashing and no time to wait for.
"""

import base64
import binascii
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from payymo.settings_api import REST_FRAMEWORK as REST_FRAMEWORK
from payymo.settings_api import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from payymo.shared.master_key import read_ring
from payymo.shared.secret_store.base import SecretUnavailable
from payymo.shared.secret_store.choosing import UnusableStore, open_store

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")
if "SECRET_KEY" not in env.ENVIRON and "PAYYMO_SECRETS" not in env.ENVIRON:
    # Beside a running demo, commands find its servers by themselves. A set-up installation never gets here.
    environ.Env.read_env(BASE_DIR / env.str("PAYYMO_HOME", default=".payymo") / "env")

# --- Mode and secrets -------------------------------------------------------------------------------------------------
MODE = env.str("PAYYMO_MODE", default="production")
if MODE not in {"production", "demo", "test"}:
    raise ImproperlyConfigured(f"PAYYMO_MODE is {MODE!r}; it must be production, demo or test.")
PRODUCTION = MODE == "production"
# The companies that `seed_demo` makes: theirs alone are the accounts whose password the demo tells.
DEMO_TENANTS = ("acme", "globex")
DEBUG = False
# Where the secrets are: environment, files, vault or aws, with the PAYYMO_SECRETS_, _VAULT_ and _AWS_ variables.
try:
    SECRETS = open_store(env.ENVIRON)
except UnusableStore as error:
    raise ImproperlyConfigured(f"The store of secrets: {error}.") from error


def _secret(name: str, *, default: str | None = None) -> str:
    """Read a secret at the start; whatever is not there stops it, unless there is a default."""
    try:
        return SECRETS.get(name) if default is None else SECRETS.find(name) or default
    except SecretUnavailable as error:
        raise ImproperlyConfigured(f"Payymo cannot start without this secret. {error}") from None


SECRET_KEY = _secret("SECRET_KEY")
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is shorter than 50 characters.")
MASTER_KEY_NUMBER = env.int("PAYYMO_MASTER_KEY_ID", default=1)
try:
    _ring = read_ring(
        _secret("PAYYMO_MASTER_KEY"), number=MASTER_KEY_NUMBER, old=_secret("PAYYMO_OLD_MASTER_KEYS", default="")
    )
except ValueError as error:
    raise ImproperlyConfigured(f"PAYYMO_MASTER_KEY, PAYYMO_OLD_MASTER_KEYS: {error}.") from error
MASTER_KEY_ID = _ring.present
MASTER_KEY = _ring.keys[MASTER_KEY_ID]
OLD_MASTER_KEYS = {number: key for number, key in _ring.keys.items() if number != MASTER_KEY_ID}

# --- Where it is reached ----------------------------------------------------------------------------------------------
PUBLIC_SCHEME = env.str("PAYYMO_PUBLIC_SCHEME", default="https" if PRODUCTION else "http")
if PRODUCTION and PUBLIC_SCHEME != "https":
    raise ImproperlyConfigured("PAYYMO_PUBLIC_SCHEME must be https in production.")
PUBLIC_PORT = env.int("PAYYMO_PUBLIC_PORT", default=443 if PRODUCTION else 8000)
STAFF_HOST = env.str("PAYYMO_STAFF_HOST", default="admin.localhost")
# The tenant is found by an exact match of the host with stored domains, and an unknown host is 404: the list of allowed
# hosts is that table.
ALLOWED_HOSTS = ["*"]
USE_X_FORWARDED_HOST = False
TRUSTED_PROXIES = env.int("PAYYMO_TRUSTED_PROXIES", default=0)
if PRODUCTION and TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Apps -------------------------------------------------------------------------------------------------------------
SHARED_APPS = [
    "django.contrib.admin",
    "tenants",
    "accounts",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # Names the operator classes of indexes; it has no tables.
    "django.contrib.postgres",
    "payymo.shared",
    # Behind admin, since its admin index expects a tenant on every host.
    "django_tenants",
    "payymo.dashboard",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "template_partials",
    "django_cotton",
    "csp",
]
TENANT_APPS = [
    "guardian", "payymo.audit", "banking", "payments", "whmcs", "matching", "payymo.notices", "payymo.operations",
]  # fmt: skip
if not PRODUCTION:
    SHARED_APPS.append("payymo.demo")
# In front of django_tenants, which has commands of the same names: create_tenant and delete_tenant are ours.
_BEFORE = SHARED_APPS.index("django_tenants")
INSTALLED_APPS = [*SHARED_APPS[:_BEFORE], *TENANT_APPS, *SHARED_APPS[_BEFORE:]]
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
TENANT_LIMIT_SET_CALLS = False
PUBLIC_SCHEMA_URLCONF = "payymo.urls_public"
ROOT_URLCONF = "payymo.urls"
WSGI_APPLICATION = "payymo.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# accounts.permissions asks guardian itself; a backend would let object grants leak into every has_perm call.
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]

MIDDLEWARE = [
    "payymo.shared.metrics.MeasureMiddleware",
    "payymo.shared.middleware.RequestIdMiddleware",
    "payymo.shared.middleware.LanguageMiddleware",
    # Before the host is looked at: what an unknown or suspended host answers carries the headers too.
    "django.middleware.security.SecurityMiddleware",
    "payymo.shared.middleware.AnswerHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "tenants.middleware.TenantHostMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.TenantSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "payymo.dashboard.middleware.TenantTimeMiddleware",
    "payymo.dashboard.middleware.NumberStyleMiddleware",
    "payymo.dashboard.middleware.OfferMiddleware",
    "payymo.dashboard.middleware.SecretOffMiddleware",
    "payymo.dashboard.middleware.RefusalMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "payymo.dashboard.context.shell",
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
            ],
        },
    }
]

# --- Database ---------------------------------------------------------------------------------------------------------
# Two roles: the owner of the tables migrates and makes schemas, and web and workers may only read and write rows.
# manage.py says which commands work as the owner. Without a second address one role does everything.
_database = _secret("DATABASE_URL", default=env.str("DATABASE_URL", default=""))
if not _database:
    raise ImproperlyConfigured("DATABASE_URL is missing.")
_owner_database = _secret("PAYYMO_OWNER_DATABASE_URL", default=env.str("PAYYMO_OWNER_DATABASE_URL", default=""))
AS_OWNER = bool(_owner_database) and env.bool("PAYYMO_AS_OWNER", default=False)
_ENGINE = "tenants.database"
APP_ROLE = env.db_url_config(_database, engine=_ENGINE)["USER"] if _owner_database else ""
DATABASES = {"default": env.db_url_config(_owner_database if AS_OWNER else _database, engine=_ENGINE)}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("PAYYMO_CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# A page waits for less than a worker, and a migration of a large table for as long as it takes in a night.
_IS_WEB = env.str("PAYYMO_PROCESS", default="") == "web"
_statement_ms = env.int(
    "PAYYMO_STATEMENT_TIMEOUT_MS", default=14_400_000 if AS_OWNER else 15_000 if _IS_WEB else 120_000
)
DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
    f"-c statement_timeout={_statement_ms} -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000"
)
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
ATOMIC_REQUESTS = False

# --- Redis and Celery -------------------------------------------------------------------------------------------------
REDIS_URL = _secret("REDIS_URL", default=env.str("REDIS_URL", default=""))
if not REDIS_URL:
    raise ImproperlyConfigured("REDIS_URL is missing.")
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 900, "socket_timeout": 10, "socket_connect_timeout": 5}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# What wakes which job, beside the schedule: see tenants/nudging.py.
NUDGES = {
    "banks": "banking.tasks.sync_due_accounts",
    "payments": "matching.tasks.propose_pending",
    "invoices": "matching.tasks.propose_pending",
    "stripe_events": "payments.tasks.process_events",
    "whmcs_events": "whmcs.tasks.sync_due_instances",
    "mails": "accounts.tasks.send_mails",
    "reports": "payymo.dashboard.tasks.make_reports",
    "exports": "payymo.operations.tasks.make_exports",
    "deliveries": "payymo.notices.tasks.deliver",
}
CELERY_TASK_DEFAULT_QUEUE = "payymo"
CELERY_TIMEZONE = "UTC"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        # Apart from the queue, a full cache cannot keep messages out; its server may evict, the queue's must not.
        "LOCATION": _secret("PAYYMO_CACHE_URL", default=REDIS_URL),
        "KEY_FUNCTION": "tenants.context.cache_key",
    }
}

# --- Providers --------------------------------------------------------------------------------------------------------
GOCARDLESS_URL = env.str("PAYYMO_GOCARDLESS_URL", default="https://bankaccountdata.gocardless.com/api/v2/")
ENABLE_BANKING_URL = env.str("PAYYMO_ENABLE_BANKING_URL", default="https://api.enablebanking.com")
GOCARDLESS_PAYMENTS_URL = env.str("PAYYMO_GOCARDLESS_PAYMENTS_URL", default="https://api.gocardless.com")
GOCARDLESS_PAYMENTS_SANDBOX_URL = env.str(
    "PAYYMO_GOCARDLESS_PAYMENTS_SANDBOX_URL", default="https://api-sandbox.gocardless.com"
)
STRIPE_URL = env.str("PAYYMO_STRIPE_URL", default="https://api.stripe.com")
STRIPE_CONNECT_URL = env.str("PAYYMO_STRIPE_CONNECT_URL", default="https://connect.stripe.com")
# Stripe Connect: what this installation registered at Stripe, apart for live and for test accounts. Without it accounts
# are connected with restricted keys. While the webhook secret is rotated it holds both, with a space between.
STRIPE_PLATFORMS = {
    mode: {
        "client_id": env.str(f"PAYYMO_STRIPE_{mode.upper()}_CLIENT_ID", default=""),
        "key": _secret(f"PAYYMO_STRIPE_{mode.upper()}_KEY", default=""),
        "webhook_secret": _secret(f"PAYYMO_STRIPE_{mode.upper()}_WEBHOOK_SECRET", default=""),
    }
    for mode in ("live", "test")
}
# host:port that the address check lets through although it is a loopback address: the stand-ins of demo and tests.
LOOPBACK_EXCEPTION = env.str("PAYYMO_LOOPBACK_EXCEPTION", default="")
SANDBOX_URL = env.str("PAYYMO_SANDBOX_URL", default="")
if PRODUCTION and (LOOPBACK_EXCEPTION or SANDBOX_URL):
    raise ImproperlyConfigured("PAYYMO_LOOPBACK_EXCEPTION and PAYYMO_SANDBOX_URL are refused in production.")

# The waits of postings as a share of the usual ones. Shorter waits prove nothing about a slow WHMCS.
POSTING_WAITS = env.float("PAYYMO_POSTING_WAITS", default=1.0)
if POSTING_WAITS <= 0 or (PRODUCTION and POSTING_WAITS < 1):
    raise ImproperlyConfigured("PAYYMO_POSTING_WAITS is a share above 0, and in production at least 1.")

# How often a call that changes nothing is tried before it has failed.
READ_TRIES = 5
_PROVIDER_URLS = (
    GOCARDLESS_URL,
    ENABLE_BANKING_URL,
    GOCARDLESS_PAYMENTS_URL,
    GOCARDLESS_PAYMENTS_SANDBOX_URL,
    STRIPE_URL,
    STRIPE_CONNECT_URL,
)
if PRODUCTION and not all(url.startswith("https://") for url in _PROVIDER_URLS):
    raise ImproperlyConfigured("The providers' addresses must begin with https:// in production.")

# --- Mail -------------------------------------------------------------------------------------------------------------
# smtp+tls://user:password@host:587, or another of django-environ's schemes. The demo writes mails into files.
_mail = env.email_url_config(_secret("PAYYMO_MAIL_URL", default="smtp://localhost:25" if PRODUCTION else "filemail:"))
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
EMAIL_FILE_PATH = _mail["EMAIL_FILE_PATH"] or str(Path(env.str("PAYYMO_HOME", default=".payymo")).resolve() / "mail")
if PRODUCTION and not EMAIL_BACKEND.endswith("smtp.EmailBackend"):
    raise ImproperlyConfigured("PAYYMO_MAIL_URL must begin with smtp in production: links to sign in go out by it.")
if PRODUCTION and not (EMAIL_USE_TLS or EMAIL_USE_SSL or EMAIL_HOST in {"localhost", "127.0.0.1", "::1"}):
    raise ImproperlyConfigured("PAYYMO_MAIL_URL must be smtp+tls or smtp+ssl, unless the host is this machine.")
if SECRETS.is_live and EMAIL_BACKEND.endswith("smtp.EmailBackend"):
    EMAIL_BACKEND = "payymo.shared.mail.StoredServerBackend"
DEFAULT_FROM_EMAIL = env.str("PAYYMO_MAIL_FROM", default="Payymo <payymo@localhost>")

# --- Backups: their own key, kept apart from them, and where PostgreSQL's programs are -------------------------------
try:
    BACKUP_KEY = base64.b64decode(_secret("PAYYMO_BACKUP_KEY", default=""), validate=True)
except binascii.Error as error:
    raise ImproperlyConfigured("PAYYMO_BACKUP_KEY is not base64.") from error
if BACKUP_KEY and len(BACKUP_KEY) != 32:
    raise ImproperlyConfigured("PAYYMO_BACKUP_KEY must be 32 random bytes in base64: openssl rand -base64 32")
PG_BIN = env.str("PAYYMO_PG_BIN", default="")

# --- Licences: without a public key no tenant needs one ---------------------------------------------------------------
try:
    LICENSE_PUBLIC_KEYS = [
        base64.b64decode(key, validate=True) for key in env.list("PAYYMO_LICENSE_PUBLIC_KEYS", default=[])
    ]
except binascii.Error as error:
    raise ImproperlyConfigured("PAYYMO_LICENSE_PUBLIC_KEYS is not base64.") from error
if any(len(key) != 32 for key in LICENSE_PUBLIC_KEYS):
    raise ImproperlyConfigured("PAYYMO_LICENSE_PUBLIC_KEYS are 32 bytes each in base64, as issue_license prints them.")

# --- Sign-in ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
PASSWORD_HASHERS = ["accounts.hashers.Argon2idHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "dashboard:overview"
SECURITY_URL = "dashboard:account"
JWT_ISSUER = env.str("PAYYMO_JWT_ISSUER", default="payymo")
TOKEN_ALGORITHM = env.str("PAYYMO_TOKEN_ALGORITHM", default="RS256")
if TOKEN_ALGORITHM not in ("RS256", "PS256"):
    raise ImproperlyConfigured("PAYYMO_TOKEN_ALGORITHM is neither RS256 nor PS256.")
ACCESS_TOKEN_SECONDS = 600
REFRESH_TOKEN_SECONDS = 12 * 3600
SESSION_SECONDS = 7 * 24 * 3600
# Of every member and all staff; the demo lets them in without, so that it can be tried in a minute.
SECOND_FACTOR_REQUIRED = env.bool("PAYYMO_SECOND_FACTOR_REQUIRED", default=PRODUCTION)

_cookie_prefix = "__Host-" if PUBLIC_SCHEME == "https" else ""
SESSION_COOKIE_NAME = f"{_cookie_prefix}payymo_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_SCHEME == "https"
SESSION_COOKIE_HTTPONLY = True
# Whoever comes from another site, as from the bank's consent page, is led on from this host: see accounts/guards.py.
SESSION_COOKIE_SAMESITE = "Strict"
# The row says when it ends: see accounts/services/browser_sessions.py.
SESSION_COOKIE_AGE = SESSION_SECONDS
SESSION_SAVE_EVERY_REQUEST = False
CSRF_COOKIE_NAME = f"{_cookie_prefix}payymo_csrf"
CSRF_FAILURE_VIEW = "payymo.dashboard.views.errors.csrf_failure"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = False

# --- Web --------------------------------------------------------------------------------------------------------------
SECURE_HSTS_SECONDS = 31_536_000 if PUBLIC_SCHEME == "https" else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        # Each script of a page carries the nonce of its answer; for Django's admin see tenants/middleware.py.
        "script-src": [NONCE],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "img-src": [SELF, "data:"],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("PAYYMO_STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
PAYYMO_THEME_CSS = env.list("PAYYMO_THEME_CSS", default=["dashboard/css/theme.css"])

API_CALLS_A_MINUTE = env.int("PAYYMO_API_CALLS_A_MINUTE", default=1200)

# --- Operator ---------------------------------------------------------------------------------------------------------
# Opens /metrics and the details of /health/ready; without one there are neither.
OPERATOR_TOKEN = env.str("PAYYMO_OPERATOR_TOKEN", default="")
if OPERATOR_TOKEN and len(OPERATOR_TOKEN) < 32:
    raise ImproperlyConfigured("PAYYMO_OPERATOR_TOKEN is shorter than 32 characters.")

# --- Language and time ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "payymo" / "locale"]
USE_TZ = True
FORMAT_MODULE_PATH = ["payymo.formats"]
TIME_ZONE = "UTC"

# --- Logs: JSON lines with ids only -----------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "payymo.shared.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("PAYYMO_LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
        # Whatever level is asked for, nobody else's debugging shows addresses, headers or messages.
        **{name: {"level": "WARNING"} for name in ("urllib3", "kombu", "amqp", "botocore", "boto3", "hvac", "asyncio")},
    },
}
