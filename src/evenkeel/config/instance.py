"""Where one installation keeps its things: data, secret key, settings file, backups.

Everything lives in one folder, ``EVENKEEL_HOME``. The secret key is made on first use, readable by
its owner alone.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

HOME_VARIABLE = "EVENKEEL_HOME"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ConfigurationError(ValueError):
    """A setting that cannot be used; the message says which and what to write instead."""


@dataclass(frozen=True)
class Instance:
    """The settings of one installation, from ``evenkeel.toml`` and the environment."""

    home: Path
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def database_path(self) -> Path:
        """The SQLite file, used unless ``database`` names a PostgreSQL server."""
        return self.home / "evenkeel.sqlite3"

    @property
    def settings_path(self) -> Path:
        """The settings file; it need not exist."""
        return self.home / "evenkeel.toml"

    @property
    def spool_path(self) -> Path:
        """Where a stop is journalled when the record cannot be written."""
        return self.home / "spool"

    @property
    def backups_path(self) -> Path:
        """Where ``evenkeel upgrade`` puts its copies."""
        return self.home / "backups"

    def get(self, name: str, default: Any = None) -> Any:
        """A setting: environment variable ``EVENKEEL_<NAME>`` first, then the settings file."""
        value = os.environ.get(f"EVENKEEL_{name.upper()}")
        return value if value is not None else self.settings.get(name, default)

    def secret_key(self) -> str:
        """The installation's own key, made on first use with mode 0600."""
        path = self.home / "secret_key"
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            key = secrets.token_urlsafe(64)
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                return path.read_text().strip()
            with os.fdopen(handle, "w") as file:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
            return key

    def secret_file(self, name: str) -> str:
        """What stands in the file that setting ``name`` names; "" where it names none.

        A secret stands in a file of its own rather than among the settings. Raises
        ``ConfigurationError`` where the file cannot be read.
        """
        path = str(self.get(name, ""))
        if not path:
            return ""
        try:
            return Path(path).expanduser().read_text().strip()
        except OSError as error:
            raise ConfigurationError(f"{name}: {path} cannot be read: {error}") from None

    def databases(self) -> dict[str, dict[str, Any]]:
        """Django's ``DATABASES``: SQLite in the home, or PostgreSQL where ``database`` is set."""
        url = self.get("database", "")
        if not url:
            return {"default": sqlite_settings(self.database_path)}
        return {"default": postgres_settings(str(url))}


def sqlite_settings(path: Path | str) -> dict[str, Any]:
    """WAL, IMMEDIATE transactions and full synchronisation: what is acknowledged is on the disk."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                "PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY"
            ),
        },
    }


def postgres_settings(url: str) -> dict[str, Any]:
    """Django's settings for a ``postgresql://user:password@host:port/name`` address."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ConfigurationError(
            "database must look like postgresql://user:password@host:5432/name"
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # synchronous_commit is asked for by name: a server may have been set up without it
        "OPTIONS": {"options": "-c synchronous_commit=on"},
    }


def find_instance() -> Instance:
    """The installation named by ``EVENKEEL_HOME``, or the one in the user's data folder."""
    default = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local/share")) / "evenkeel"
    home = Path(os.environ.get(HOME_VARIABLE) or default).expanduser().absolute()
    settings: dict[str, Any] = {}
    path = home / "evenkeel.toml"
    if path.exists():
        try:
            settings = tomllib.loads(path.read_text())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path} cannot be read: {error}") from None
    return Instance(home, settings)
