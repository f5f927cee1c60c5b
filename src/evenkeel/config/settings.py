"""Django's settings. What differs between installations comes from :mod:`.instance`."""

from __future__ import annotations

from csp.constants import NONE, SELF

from evenkeel.config.instance import LOOPBACK, find_instance

INSTANCE = find_instance()
SECRET_KEY = INSTANCE.secret_key()
DEBUG = False
DATABASES = INSTANCE.databases()

HOST = str(INSTANCE.get("host", "127.0.0.1"))
#: Plain HTTP is for loopback alone; elsewhere a certificate or a trusted proxy ends TLS.
BEHIND_TLS_PROXY = str(INSTANCE.get("tls_proxy", "")).lower() in {"1", "true", "yes"}
TLS_CERTIFICATE = str(INSTANCE.get("tls_certificate", ""))
TLS_KEY = str(INSTANCE.get("tls_key", ""))
SECURE = bool(BEHIND_TLS_PROXY or TLS_CERTIFICATE)
PUBLIC_HOSTS = [h for h in str(INSTANCE.get("public_hosts", "")).split(",") if h]
ALLOWED_HOSTS = [*LOOPBACK, "[::1]", *PUBLIC_HOSTS]
CSRF_TRUSTED_ORIGINS = [f"https://{h}" for h in PUBLIC_HOSTS]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    # before allauth: its pages are drawn by our templates
    "evenkeel.web",
    "evenkeel.clinic.record",
    "evenkeel.clinic.people",
    "evenkeel.clinic.stock",
    "evenkeel.clinic.protocols",
    "evenkeel.clinic.library",
    "evenkeel.clinic.course",
    "evenkeel.clinic.programs",
    "evenkeel.clinic.session",
    "evenkeel.clinic.therapy",
    "evenkeel.clinic.groups",
    "evenkeel.clinic.outcome",
    "evenkeel.clinic.oversight",
    "evenkeel.interop",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "evenkeel.clinic.people.middleware.CallerMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "evenkeel.config.urls"
WSGI_APPLICATION = "evenkeel.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "evenkeel.web.context.page_frame",
                "evenkeel.config.frame.frame",
            ],
        },
    }
]

FORM_RENDERER = "evenkeel.web.forms.KitRenderer"

AUTH_USER_MODEL = "people.Account"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 12}  # type: ignore[assignment]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_ADAPTER = "evenkeel.clinic.people.sign_in.ClosedDoors"
ACCOUNT_PREVENT_ENUMERATION = True
# Lock-out is django-axes' work, in the database, so that it holds across processes.
ACCOUNT_RATE_LIMITS = {"login_failed": False, "login": False}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "evenkeel"
MFA_FORMS = {
    "authenticate": "evenkeel.clinic.people.second_factor.CountedCode",
    "reauthenticate": "evenkeel.clinic.people.second_factor.CountedCodeAgain",
}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE

AXES_FAILURE_LIMIT = 6
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "evenkeel.clinic.people.throttle.caller_address"
AXES_USERNAME_CALLABLE = "evenkeel.clinic.people.sign_in.login_name"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "web/locked_out.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS: list[str] = ["username", "ip_address"]
AXES_DISABLE_ACCESS_LOG = True

SESSION_ENGINE = "evenkeel.clinic.people.session_store"
SESSION_COOKIE_NAME = "evenkeel"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_USE_SESSIONS = False
CSRF_FAILURE_VIEW = "evenkeel.web.errors.csrf_failure"
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS_PROXY else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

#: Seconds without an act after which a sign-in is locked: reading a live session goes on.
IDLE_LOCK_S = int(INSTANCE.get("idle_lock_s", 900))
#: Seconds without an act after which a sign-in ends altogether, unless a session is live where its
#: caller works: then displays and alarms go on, and the PIN is enough to act.
IDLE_END_S = max(IDLE_LOCK_S, int(INSTANCE.get("idle_end_s", 4 * 3600)))

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
# The form of a protocol sends every value with its reason: about 500, and more with each release.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1200
FILE_UPLOAD_MAX_MEMORY_SIZE = 20 * 1_048_576
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS = ["axes.W003"]

#: Where people reach the pages, for links in messages; without it no message carries one.
PUBLIC_ADDRESS = str(
    INSTANCE.get("public_address", "") or (f"https://{PUBLIC_HOSTS[0]}" if PUBLIC_HOSTS else "")
)
EMAIL_HOST = str(INSTANCE.get("email_host", "localhost"))
EMAIL_PORT = int(INSTANCE.get("email_port", 587))
EMAIL_HOST_USER = str(INSTANCE.get("email_user", ""))
EMAIL_HOST_PASSWORD = INSTANCE.secret_file("email_password_file")
EMAIL_USE_TLS = str(INSTANCE.get("email_tls", "yes")).lower() in {"1", "true", "yes"}
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = str(INSTANCE.get("email_from", "webmaster@localhost"))
#: Text messages: ``module:function`` that takes a number and a text. None ships for a vendor; the
#: one at ``sms_url`` posts JSON to whatever stands there.
SMS_PORT = str(INSTANCE.get("sms_port", ""))
SMS_URL = str(INSTANCE.get("sms_url", ""))
SMS_TOKEN = INSTANCE.secret_file("sms_token_file")
#: Signed heads of the audit chain: where they go, how often, and the key that signs them.
AUDIT_KEYS_PATH = INSTANCE.home / "keys"
HEADS_PATH = INSTANCE.home / "heads"
HEADS_COPY_PATH = str(INSTANCE.get("heads_copy", ""))
HEADS_MAIL_TO = str(INSTANCE.get("heads_mail", ""))
HEADS_EVERY_S = max(60, int(INSTANCE.get("heads_every_s", 3600)))
SCHEDULES_PATH = INSTANCE.home / "schedules"
MESSAGE_TEXTS_PATH = INSTANCE.home / "messages"
ANSWER_WORDS_PATH = INSTANCE.home / "words"

#: Where inspection bundles made on a page lie until they are fetched.
BUNDLES_PATH = INSTANCE.home / "bundles"
#: Who tells the page of backups how they stand.
BACKUP_STANDING = "evenkeel.config.backup_plan.standing_here"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"links": {"()": "evenkeel.config.log_filter.WithoutLinks"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["links"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "evenkeel": {"level": "INFO"},
        "axes": {"level": "ERROR"},
        # it warns of every rule that is for screens alone
        "weasyprint": {"level": "ERROR"},
        # anybody on the network can send a wrong Host header; the 400 is answer enough
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
