"""The one settings file; everything that differs between copies comes from the environment.

MODE=demo (the default) is a copy that cannot reach the outside: local database, local mail sink.
MODE=production refuses to start until it has been told its secrets, address and mail provider.
"""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env, validate

from briefing import env as environment
from briefing import envelope, limits, logs, oidc
from briefing.theme import UNFOLD  # noqa: F401  read by django-unfold
from briefing.web import sources

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_DIR = Path(os.environ.get("LOCAL_DIR") or BASE_DIR / ".local")
environment.load(BASE_DIR, LOCAL_DIR)
env = Env()

# ---------------------------------------------------------------------------- which copy this is
MODE = env.str("MODE", "demo")
if MODE not in {"demo", "test", "production"}:
    raise ImproperlyConfigured("MODE is demo, test or production.")
PRODUCTION = MODE == "production"
DEBUG = False

SECRET_KEY = env.str("SECRET_KEY")
# Signs links in mail. Several keys may be known, so that rotating breaks no old unsubscribe link.
LINK_KEYS = environment.keyring("LINK_KEYS", env.str("LINK_KEYS"))
# Hashes addresses for suppression. It outlives SECRET_KEY: losing it would forget who must not
# be written to.
SUPPRESSION_KEYS = environment.keyring("SUPPRESSION_KEYS", env.str("SUPPRESSION_KEYS"))

# Links in mail are built from this, never from a request's Host header.
_OWN = "" if PRODUCTION else "http://localhost:8000"
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", _OWN).rstrip("/")
_LOCAL = [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", _LOCAL)
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", [])
# Domains that may sign up (none named: all), that may not, and a file with more that may not.
ALLOWED_DOMAINS: list[str] = env.list("ALLOWED_DOMAINS", [])
REFUSED_DOMAINS: list[str] = env.list("REFUSED_DOMAINS", [])
DISPOSABLE_DOMAINS = environment.readable("DISPOSABLE_DOMAINS", env.str("DISPOSABLE_DOMAINS", ""))

# ---------------------------------------------------------------------------- applications
INSTALLED_APPS = [
    "briefing",
    "subscribers",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "anymail",
    "csp",
    "django_htmx",
    "imagekit",
    "ninja",
    "simple_history",
]
MIDDLEWARE = [
    "briefing.web.webhooks.ProvidersFirstMiddleware",
    "briefing.web.caching.PublicPageMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "briefing.web.policy.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "briefing.web.staff.StaffSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "briefing.web.policy.PossibleAddressMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "briefing.web.staff.StaffAuthenticationMiddleware",
    "briefing.web.staff.StaffMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "briefing.web.staff.StaffHistoryMiddleware",
    "briefing.web.staff.HouseClockMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "briefing.admin.sessions.SessionLimitsMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]
ROOT_URLCONF = "briefing.urls"
WSGI_APPLICATION = "briefing.wsgi.application"
AUTH_USER_MODEL = "briefing.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# ---------------------------------------------------------------------------- data
LOCAL_DIR.mkdir(parents=True, exist_ok=True)
DATABASES = {
    "default": env.dj_db_url(
        "DATABASE_URL", f"sqlite:///{LOCAL_DIR / 'briefing.sqlite3'}", conn_max_age=600
    )
}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"] |= environment.SQLITE
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "briefing",
    }
}
MEDIA_ROOT = LOCAL_DIR / "media"
MEDIA_URL = "/media/"
# Read by the proxy, a user of its own, whatever the unit's UMask is.
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755
STATIC_ROOT = LOCAL_DIR / "static"
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MODE == "test"
        else "briefing.web.sheet.OneSheetStorage"
    },
}
# Looked up when asked for: each test's client would otherwise list every static file first.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = MODE == "test"

# ---------------------------------------------------------------------------- public pages
# How long a finished page is kept. A changed article is noticed sooner: archive/freshness.py.
PAGE_CACHE_SECONDS = env.int("PAGE_CACHE_SECONDS", 0 if MODE == "test" else 60)
# A hub that is told of new articles: archive/websub.py. Feeds name it when it is set.
WEBSUB_HUB = env.str("WEBSUB_HUB", "")

# ---------------------------------------------------------------------------- queue
# Which queue each task waits in, and what beat rings for: schedule.py.
CELERY_BROKER_URL = REDIS_URL
# Nothing waits for a task's result: what happened is in the database.
CELERY_TASK_IGNORE_RESULT = True
# A doorbell lost with its worker is rung again by the sweep; acknowledging late would only ring twice.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# With the broker away a page must not wait: the sweep finds what was not rung.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 0.3,
    "retry_policy": {"timeout": 0.3},
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "transactional"
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(LOCAL_DIR / "beat")

# ---------------------------------------------------------------------------- mail
EMAIL_TIMEOUT = env.float("EMAIL_TIMEOUT", 30.0)
# No provider configured means the local sink, never a stranger's server.
EMAIL_URL = env.str("EMAIL_URL", "" if PRODUCTION else "smtp://127.0.0.1:8025")
MAIL_ACCOUNTS = {
    "bulk": env.str("BULK_EMAIL_URL", EMAIL_URL),
    # Takes over while the breaker of `bulk` is open; empty means waiting instead.
    "fallback": env.str("FALLBACK_EMAIL_URL", ""),
    "transactional": env.str("TRANSACTIONAL_EMAIL_URL", EMAIL_URL),
}
ANYMAIL = {
    name.removeprefix("ANYMAIL_"): value
    for name, value in os.environ.items()
    if name.startswith("ANYMAIL_")
}
# Where unsubscribe requests are mailed to; empty means unsubscribe@ the newsletter’s domain.
UNSUBSCRIBE_ADDRESS = env.str("UNSUBSCRIBE_ADDRESS", "")
# Each copy's envelope becomes bounces+TOKEN@ its domain; what comes back is read from MAILBOX_URL.
BOUNCE_ADDRESS = envelope.check(env.str("BOUNCE_ADDRESS", ""))
MAILBOX_URL = env.str("MAILBOX_URL", "")
# SPF, DKIM and DMARC of senders' domains, looked up in DNS; a demo copy asks nobody outside.
LOOK_UP_SENDERS = env.bool("LOOK_UP_SENDERS", PRODUCTION)
DKIM_SELECTORS: list[str] = env.list("DKIM_SELECTORS", [])
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", "desk@robotics-briefing.example")

# ---------------------------------------------------------------------------- dispatch
GROUP_SIZE = env.int("GROUP_SIZE", 250, validate=validate.Range(1, 1000))
BATCH_SIZE = env.int("BATCH_SIZE", 500)
LEASE_SECONDS = env.float("LEASE_SECONDS", 90.0)
if LEASE_SECONDS < 1.5 * EMAIL_TIMEOUT:
    # No copy would ever be started: its answer could come when the batch is somebody else's.
    raise ImproperlyConfigured("LEASE_SECONDS must be half as long again as EMAIL_TIMEOUT.")
# PgBouncer or the like lends a connection for one transaction at a time: docs/deploy/pooling.md.
DATABASE_POOLED = env.bool("DATABASE_POOLED", False)
if DATABASE_POOLED:
    # A cursor on the server would stay behind with whoever is lent that connection next.
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # A worker that hangs in the midst of a transaction must not hold its locks beyond its lease.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
        f"-c idle_in_transaction_session_timeout={LEASE_SECONDS * 1000:.0f}"
    )
DRAIN_SECONDS = env.float("DRAIN_SECONDS", 50.0)
SMTP_SOCKETS = env.int("SMTP_SOCKETS", 8)
# Messages a second: "bulk=200,bulk/gmail.com=50". What is not named has no limit.
RATES = limits.rates("RATES", env.str("RATES", ""))
# A new sending domain begins small: "bulk=2026-12-01:500:1.5:30" is 500 a day, growing by half, 30 days.
WARM_UP = limits.warm_up("WARM_UP", env.str("WARM_UP", ""))
# What happens to deliveries that stay unknown: they are listed, or resent once after 15 minutes.
UNKNOWN_POLICY = env.str("UNKNOWN_POLICY", "leave", validate=validate.OneOf(["leave", "resend"]))
# How long a dispatch can be called back after the press that sends it; 0 sends at once.
UNDO_SECONDS = env.int("UNDO_SECONDS", 0 if MODE == "test" else 30)
# Above so many readers somebody else has to have approved; 0 asks nobody.
SECOND_PERSON_ABOVE = env.int("SECOND_PERSON_ABOVE", 0)
# When the week's digest is made and sent, in the newsletter's own time zone.
DIGEST_AT = limits.weekly("DIGEST_AT", env.str("DIGEST_AT", "sat 07:00"))
UNKNOWN_ALERT_AT = env.int("UNKNOWN_ALERT_AT", 20)
ALERT_RECIPIENTS: list[str] = env.list("ALERT_RECIPIENTS", [])
ALERT_WEBHOOK_URL = env.str("ALERT_WEBHOOK_URL", "")

# ---------------------------------------------------------------------------- people who work here
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/admin/"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
_PASSWORDS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_PASSWORDS}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_PASSWORDS}.CommonPasswordValidator"},
    {"NAME": f"{_PASSWORDS}.UserAttributeSimilarityValidator"},
]
# The publisher's own identity provider, by which staff may sign in; off until all of it is set.
OIDC = oidc.read(env)
SOCIALACCOUNT_ADAPTER = "briefing.admin.oidc.admission.StaffProviderAdapter"
ACCOUNT_ADAPTER = "briefing.admin.accounts.StaffAccountAdapter"
ACCOUNT_FORMS = {"login": "briefing.admin.login.StaffLoginForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
# A session ends with the browser, and never outlives a working day.
ACCOUNT_SESSION_REMEMBER = False
# Counted per name, a stranger could lock a colleague out. The key: accounts.py says what is counted.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/5m/ip,60/d/ip,20/h/key"}
# A changed address is where the password is reset: whoever finds the desk open cannot change it.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Sending and exporting ask for it. A demo copy reaches nobody, so it does not insist.
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", MODE != "demo")
STAFF_SESSION_SECONDS = SESSION_COOKIE_AGE = 8 * 3600
STAFF_IDLE_SECONDS = 30 * 60
MFA_ADAPTER = "briefing.admin.ciphering.StaffFactorsAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = MFA_ALLOW_UNVERIFIED_EMAIL = True  # Accounts are an owner’s to make.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# ---------------------------------------------------------------------------- languages
LANGUAGE_CODE, TIME_ZONE = "en", env.str("TIME_ZONE", "UTC")
LANGUAGES = [("en", _("English")), ("de", _("German"))]
FORMAT_MODULE_PATH = ["briefing.formats"]

# ---------------------------------------------------------------------------- security
CONTENT_SECURITY_POLICY = {"DIRECTIVES": sources.PUBLIC}
X_FRAME_OPTIONS = "DENY"
# no-referrer makes browsers send `Origin: null`, and the CSRF check refuses the person's own click.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    SECURE_HSTS_SECONDS = 63072000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    if env.bool("TLS_ENDS_AT_PROXY", False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# ---------------------------------------------------------------------------- logs and figures
LOGGING = logs.configuration(env.str("LOG_LEVEL", "INFO"))
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
