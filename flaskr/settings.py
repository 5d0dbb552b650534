"""Every setting, read from the environment in one place."""

import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from environs import Env, EnvError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from flaskr.errors import SettingsError

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
_LEAST_EXPORT_MEMORY = 16 * 1024**2  # with less the drivers cannot even be loaded
# ISO 4217: every active currency whose minor unit is not a hundredth
_WITHOUT_TWO_DECIMALS = """
    BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
    BHD IQD JOD KWD LYD OMR TND CLF UYW
""".split()  # noqa: SIM905
_MODES = ("open", "signed-in")
_ADDRESS = re.compile(r"https?://([\w.-]+|\[[0-9a-f:]+\])(:[0-9]+)?(/[\w.~/-]*)?", re.ASCII)
BOOK_FILE = "claimbook.db"
BOOK_VERSION = "0.1.0"


def _setting(default: Any, meaning: str, **declared: Any) -> Any:
    """Declare a setting: a field that is read from the environment under its name in capitals.

    `default_means` describes a default that does not explain itself, `needed_by` says who sets it.
    `config` is its name in app.config if that is another, and empty if it is not there as given.
    `is_above_zero`: zero and less are refused. `is_secret`: its value is never shown.
    """
    shown = not declared.get("is_secret")
    return field(default=default, repr=shown, metadata={"meaning": meaning, **declared})


ENV_READERS: dict[Any, str] = {str: "str", int: "int", bool: "bool", Path: "path", tuple: "list"}
SECRET = {"default_means": "made once in the instance folder", "config": "", "is_secret": True}
SERVER, NEW_BOOK = "a server", "a new book"
COUNT = {"is_above_zero": True}
LIMIT = {**COUNT, "needed_by": "large books or files"}


@dataclass(frozen=True)
class Settings:
    """What an installation may choose: each setting is declared here, and nowhere else."""

    database_url: str = _setting(
        "",
        "the PostgreSQL database, as `postgresql://user:password@host/book`",
        default_means="the embedded SQLite book",
        needed_by=SERVER,
        is_secret=True,  # it has a password
    )
    secret_key: str = _setting(
        "",
        "signs forms and cookies; where people sign in it must be given, and hard to guess",
        needed_by=SERVER,
        **SECRET,
    )
    book_access: str = _setting(
        "",
        "`signed-in` has people sign in; `open` serves this machine only, without signing in",
        default_means="`signed-in` with `DATABASE_URL`, else `open`",
    )
    trusted_hosts: tuple[str, ...] = _setting(
        (),
        "the names that people open the book under, with commas between; "
        "must be given where people sign in",
        needed_by=SERVER,
        config="TRUSTED_NAMES",  # Flask has a TRUSTED_HOSTS, which refuses in another way
    )
    trusted_proxies: int = _setting(
        0,
        "how many proxies stand in front, whose `X-Forwarded-*` headers are believed",
        needed_by="a server behind proxies",
    )
    book_address: str = _setting(
        "",
        "where people open the book: `https://claims.example.com:8443/book`; commands print it",
        default_means="https, the first of `TRUSTED_HOSTS`, and `SCRIPT_NAME`",
        needed_by="a book on another port, or under a prefix that its proxy removes",
    )
    pseudonym_key: str = _setting(
        "",
        "makes the pseudonyms of names in files; another key makes a column of another name",
        needed_by="several servers of one book",
        **SECRET,
    )
    session_idle_minutes: int = _setting(60, "a session ends after this long without use", **COUNT)
    session_hours: int = _setting(12, "a session ends after this long at the latest", **COUNT)
    second_factor_roles: tuple[str, ...] = _setting(
        (),
        "the roles that must have a second factor, with commas between: `administrator,handler`",
    )
    random_claims: bool = _setting(
        False, "`on` allows `/generate_random_claim` where people sign in", default_means="off"
    )
    book_currency: str = _setting(
        "SEK",
        "the book's one currency, with two decimals; written into the book when it is made",
        needed_by=NEW_BOOK,
    )
    book_time_zone: str = _setting(
        "Europe/Stockholm",
        "where the book's days begin and end; written into the book when it is made",
        needed_by=NEW_BOOK,
    )
    instance_folder: Path = _setting(
        PROJECT_FOLDER / "instance",
        "the folder of the embedded book, its keys, kept exports and the files being made",
        default_means="`instance`",
    )
    max_request_bytes: int = _setting(
        1024 * 1024, "the largest form that is read", config="MAX_CONTENT_LENGTH", **COUNT
    )
    export_seconds: int = _setting(
        600, "how long making one file may take, once its process has started", **LIMIT
    )
    export_memory_bytes: int = _setting(
        4 * 1024**3,
        "how much address space making one file may take, besides the libraries; at least 16777216",
        **LIMIT,
    )
    spool_bytes: int = _setting(
        2 * 1024**3,
        "above this the oldest made files go before their ten minutes are over",
        **LIMIT,
    )
    verify_bytes: int = _setting(
        256 * 1024**2, "the largest form with a file to verify; the command has no limit", **LIMIT
    )
    import_bytes: int = _setting(512 * 1024**2, "the largest file that is imported", **LIMIT)
    import_rows: int = _setting(5_000_000, "the most rows of a file that is imported", **LIMIT)
    import_seconds: int = _setting(1800, "how long trying or loading one import may take", **LIMIT)
    import_memory_bytes: int = _setting(
        2 * 1024**3, "how much address space an import may take, besides the libraries", **LIMIT
    )
    log_level: str = _setting("INFO", "`DEBUG`, `INFO`, `WARNING` or `ERROR`", config="")

    def __post_init__(self) -> None:
        """Refuse what the book cannot run with, naming the setting."""
        if self.book_access not in ("", *_MODES):
            raise SettingsError(
                f"BOOK_ACCESS is {self.book_access!r}; leave it out or set it to open or signed-in."
            )
        if self.trusted_proxies < 0:
            raise SettingsError("TRUSTED_PROXIES is the number of proxies in front: 0 or more.")
        if self.book_address and not _ADDRESS.fullmatch(self.book_address):
            raise SettingsError("BOOK_ADDRESS is an address: https://claims.example.com:8443/book.")
        if self.export_memory_bytes < _LEAST_EXPORT_MEMORY:
            raise SettingsError("EXPORT_MEMORY_BYTES must be at least 16777216 (16 MiB).")
        if self.book_currency in _WITHOUT_TWO_DECIMALS:
            raise SettingsError(
                f"BOOK_CURRENCY is {self.book_currency}, which does not have two decimals."
            )
        if not re.fullmatch("[A-Z]{3}", self.book_currency):
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
        for each in fields(self):
            if each.metadata.get("is_above_zero") and getattr(self, each.name) <= 0:
                raise SettingsError(f"{each.name.upper()} must be above zero.")

    @property
    def config(self) -> dict[str, Any]:
        """The entries of app.config that hold settings as given."""
        return {kept: getattr(self, name.lower()) for name, kept in config_names().items()}

    @property
    def mode(self) -> str:
        """Whether people sign in: as BOOK_ACCESS says, else on a server's database only."""
        return self.book_access or ("signed-in" if self.database_url else "open")

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


def config_names() -> dict[str, str]:
    """Return the settings that app.config holds as given, each with its name there."""
    names = {each.name.upper(): each.metadata for each in fields(Settings)}
    return {n: kept for n, about in names.items() if (kept := about.get("config", n))}


def read_settings() -> Settings:
    """Read the settings from the environment; raises SettingsError naming the one that is wrong."""
    env = Env()
    env.read_env(PROJECT_FOLDER / ".env", recurse=False)  # under servers other than Flask's too
    if env.str("INSTANCE_FOLDER", "-") == "":  # would be wherever the server was started
        raise SettingsError("INSTANCE_FOLDER is empty; leave it out or name a folder.")
    try:
        read = {
            each.name: getattr(env, ENV_READERS[get_origin(each.type) or each.type])(
                each.name.upper(), each.default
            )
            for each in fields(Settings)
        }
    except EnvError as error:
        raise SettingsError(str(error)) from error
    read["instance_folder"] = read["instance_folder"].resolve()
    for name in ("trusted_hosts", "second_factor_roles"):
        read[name] = tuple(filter(None, map(str.strip, read[name])))
    read["log_level"] = read["log_level"].upper()
    return Settings(**read)
