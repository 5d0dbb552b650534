"""Every setting, read from the environment in one place."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from environs import Env, EnvError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from flaskr.errors import SettingsError
from flaskr.secret_keys import require_strong

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
_LEAST_EXPORT_MEMORY = 16 * 1024**2  # with less the drivers cannot even be loaded
# ISO 4217: every active currency whose minor unit is not a hundredth
_WITHOUT_TWO_DECIMALS = set(
    """
    BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
    BHD IQD JOD KWD LYD OMR TND CLF UYW
    """.split()  # noqa: SIM905
)
_ABOVE_ZERO = (
    "session_idle_minutes",
    "session_hours",
    "max_request_bytes",
    "export_seconds",
    "export_memory_bytes",
    "spool_bytes",
    "verify_bytes",
    "import_bytes",
    "import_rows",
    "import_seconds",
    "import_memory_bytes",
)
_MODES = ("open", "signed-in")
_GIVE_HOSTS = (
    "Give the host names at which people open the book, separated by commas: "
    "claims.example.com; a leading dot, as in .claims.example.com, allows its subdomains too."
)
# A name, an address, or a dot and two labels at least: “.com” would be everybody's.
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*|(\.[a-z0-9-]+){2,}|\[[0-9a-f:]+\]", re.IGNORECASE)
BOOK_FILE = "claimbook.db"
BOOK_VERSION = "0.1.0"


@dataclass(frozen=True)
class Settings:
    """What an installation may choose; the README's table gives each with its meaning."""

    database_url: str = field(default="", repr=False)  # it has a password
    instance_folder: Path = PROJECT_FOLDER / "instance"
    secret_key: str = field(default="", repr=False)
    book_access: str = ""
    trusted_hosts: tuple[str, ...] = ()
    trusted_proxies: int = 0
    pseudonym_key: str = field(default="", repr=False)
    random_claims: bool = False
    session_idle_minutes: int = 60
    session_hours: int = 12
    book_currency: str = "SEK"
    book_time_zone: str = "Europe/Stockholm"
    max_request_bytes: int = 1024 * 1024
    export_seconds: int = 600
    export_memory_bytes: int = 4 * 1024**3
    spool_bytes: int = 2 * 1024**3
    verify_bytes: int = 256 * 1024**2
    import_bytes: int = 512 * 1024**2
    import_rows: int = 5_000_000
    import_seconds: int = 1800
    import_memory_bytes: int = 2 * 1024**3
    log_level: str = "INFO"

    def __post_init__(self) -> None:
        """Refuse what the book cannot run with, naming the setting."""
        if self.book_access not in ("", *_MODES):
            raise SettingsError(
                f"BOOK_ACCESS is {self.book_access!r}; leave it out or set it to open or signed-in."
            )
        if self.trusted_proxies < 0:
            raise SettingsError("TRUSTED_PROXIES is the number of proxies in front: 0 or more.")
        if self.export_memory_bytes < _LEAST_EXPORT_MEMORY:
            raise SettingsError("EXPORT_MEMORY_BYTES must be at least 16777216 (16 MiB).")
        if self.book_currency in _WITHOUT_TWO_DECIMALS:
            raise SettingsError(
                f"BOOK_CURRENCY is {self.book_currency}, which does not have two decimals."
            )
        if not (
            len(self.book_currency) == 3
            and self.book_currency.isascii()
            and self.book_currency.isalpha()
            and self.book_currency.isupper()
        ):
            raise SettingsError("BOOK_CURRENCY takes three capital letters, such as SEK.")
        try:
            ZoneInfo(self.book_time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: only a folder
            raise SettingsError(
                f"BOOK_TIME_ZONE is {self.book_time_zone!r}, which is not a time zone; try "
                "Europe/Stockholm."
            ) from error
        if self.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise SettingsError("LOG_LEVEL takes DEBUG, INFO, WARNING or ERROR.")
        for name in _ABOVE_ZERO:
            if getattr(self, name) <= 0:
                raise SettingsError(f"{name.upper()} must be above zero.")

    @property
    def mode(self) -> str:
        """Whether people sign in: as BOOK_ACCESS says, else on a server's database only."""
        return self.book_access or ("signed-in" if self.database_url else "open")

    def check_signed_in(self, is_debug: bool) -> None:
        """Raise SettingsError for what a book that people sign in to must not be served with."""
        if self.mode != "signed-in":
            return
        require_strong("SECRET_KEY", self.secret_key)
        if self.pseudonym_key:
            require_strong("PSEUDONYM_KEY", self.pseudonym_key)
        if not self.trusted_hosts:
            raise SettingsError(f"TRUSTED_HOSTS is missing. {_GIVE_HOSTS}")
        for name in self.trusted_hosts:
            if not _HOST.fullmatch(name):
                raise SettingsError(
                    f"TRUSTED_HOSTS has {name!r}, which is not a host name. {_GIVE_HOSTS}"
                )
        if is_debug:
            raise SettingsError(
                "Debug is on, which lets a visitor run code. Turn it off: leave out --debug and "
                "FLASK_DEBUG."
            )

    @property
    def sqlalchemy_url(self) -> URL:
        """The address of the book: PostgreSQL as set, else the embedded SQLite file."""
        if not self.database_url:
            return URL.create("sqlite", database=str(self.instance_folder / BOOK_FILE))
        try:
            url = make_url(self.database_url)
        except (ArgumentError, ValueError) as error:  # ValueError: a port that is no number
            raise SettingsError(
                "DATABASE_URL cannot be read; it looks like postgresql://user:password@host/book."
            ) from error
        if url.drivername.split("+")[0] not in ("postgresql", "postgres"):
            raise SettingsError(
                "DATABASE_URL takes a PostgreSQL address. Leave it out for the embedded book."
            )
        return url.set(drivername="postgresql+psycopg")


def read_settings() -> Settings:
    """Read the settings from the environment; raises SettingsError naming the one that is wrong."""
    env = Env()
    env.read_env(PROJECT_FOLDER / ".env", recurse=False)  # under servers other than Flask's too
    if env.str("INSTANCE_FOLDER", "-") == "":  # would be wherever the server was started
        raise SettingsError("INSTANCE_FOLDER is empty; leave it out or name a folder.")
    folder = env.path("INSTANCE_FOLDER", Settings.instance_folder)
    try:
        return Settings(
            database_url=env.str("DATABASE_URL", Settings.database_url),
            instance_folder=folder.resolve(),
            secret_key=env.str("SECRET_KEY", ""),
            book_access=env.str("BOOK_ACCESS", Settings.book_access),
            trusted_hosts=tuple(filter(None, map(str.strip, env.list("TRUSTED_HOSTS", [])))),
            trusted_proxies=env.int("TRUSTED_PROXIES", Settings.trusted_proxies),
            pseudonym_key=env.str("PSEUDONYM_KEY", ""),
            random_claims=env.bool("RANDOM_CLAIMS", Settings.random_claims),
            session_idle_minutes=env.int("SESSION_IDLE_MINUTES", Settings.session_idle_minutes),
            session_hours=env.int("SESSION_HOURS", Settings.session_hours),
            book_currency=env.str("BOOK_CURRENCY", Settings.book_currency),
            book_time_zone=env.str("BOOK_TIME_ZONE", Settings.book_time_zone),
            max_request_bytes=env.int("MAX_REQUEST_BYTES", Settings.max_request_bytes),
            export_seconds=env.int("EXPORT_SECONDS", Settings.export_seconds),
            export_memory_bytes=env.int("EXPORT_MEMORY_BYTES", Settings.export_memory_bytes),
            spool_bytes=env.int("SPOOL_BYTES", Settings.spool_bytes),
            verify_bytes=env.int("VERIFY_BYTES", Settings.verify_bytes),
            import_bytes=env.int("IMPORT_BYTES", Settings.import_bytes),
            import_rows=env.int("IMPORT_ROWS", Settings.import_rows),
            import_seconds=env.int("IMPORT_SECONDS", Settings.import_seconds),
            import_memory_bytes=env.int("IMPORT_MEMORY_BYTES", Settings.import_memory_bytes),
            log_level=env.str("LOG_LEVEL", Settings.log_level).upper(),
        )
    except EnvError as error:
        raise SettingsError(str(error)) from error


def make_instance_folder(folder: Path) -> None:
    """Make the folder that the book lives in; raises SettingsError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"INSTANCE_FOLDER {folder}: {error.strerror}.") from error
