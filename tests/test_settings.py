"""What an installation may choose; `python -m tests.test_settings` writes docs/settings.md."""

import os
import stat
import subprocess
import sys
from dataclasses import Field, fields
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest

from flaskr.errors import SettingsError
from flaskr.processes.server_checks import check_signed_in
from flaskr.secret_keys import stored_key
from flaskr.settings import PROJECT_FOLDER, Settings, read_settings
from tests.users.people import STRONG_KEY

ENVIRONMENT = {
    "DATABASE_URL": ("database_url", "postgresql://u@h/b", "postgresql://u@h/b"),
    "SECRET_KEY": ("secret_key", "abc", "abc"),
    "BOOK_ACCESS": ("book_access", "open", "open"),
    "TRUSTED_HOSTS": ("trusted_hosts", "a.example, b.example", ("a.example", "b.example")),
    "TRUSTED_PROXIES": ("trusted_proxies", "2", 2),
    "BOOK_ADDRESS": ("book_address", "https://a.example/book", "https://a.example/book"),
    "PSEUDONYM_KEY": ("pseudonym_key", "abc", "abc"),
    "RANDOM_CLAIMS": ("random_claims", "on", True),
    "SESSION_IDLE_MINUTES": ("session_idle_minutes", "3", 3),
    "SESSION_HOURS": ("session_hours", "4", 4),
    "SECOND_FACTOR_ROLES": (
        "second_factor_roles",
        "handler, administrator",
        ("handler", "administrator"),
    ),
    "BOOK_CURRENCY": ("book_currency", "EUR", "EUR"),
    "BOOK_TIME_ZONE": ("book_time_zone", "UTC", "UTC"),
    "MAX_REQUEST_BYTES": ("max_request_bytes", "5", 5),
    "EXPORT_SECONDS": ("export_seconds", "6", 6),
    "EXPORT_MEMORY_BYTES": ("export_memory_bytes", "17000000", 17_000_000),
    "SPOOL_BYTES": ("spool_bytes", "8", 8),
    "VERIFY_BYTES": ("verify_bytes", "9", 9),
    "IMPORT_BYTES": ("import_bytes", "10", 10),
    "IMPORT_ROWS": ("import_rows", "11", 11),
    "IMPORT_SECONDS": ("import_seconds", "12", 12),
    "IMPORT_MEMORY_BYTES": ("import_memory_bytes", "13", 13),
    "LOG_LEVEL": ("log_level", "debug", "DEBUG"),
}
PAGE = PROJECT_FOLDER / "docs" / "settings.md"
HEAD = """# Settings

Settings are read from the environment, or from a `.env` file in the project's folder,
whatever server runs the book.
A book on your own machine needs none of them; a server needs three, see [Operating](operating.md).
A wrong setting is refused by its name when the application starts.
`/settings` shows the administrator what each is set to.

This table is made from `flaskr/settings.py`. To write it again:

    .venv/bin/python -m tests.test_settings

| setting | meaning | default | who needs it |
|---|---|---|---|
"""


def settings_page() -> str:
    """The text of docs/settings.md, from the declarations."""
    return HEAD + "".join(map(_row, fields(Settings)))


def _row(declared: Field) -> str:
    told = declared.metadata
    default = told.get("default_means") or (f"`{declared.default}`" if declared.default else "")
    default = "`0`" if declared.default == 0 and declared.type is int else default
    cells = (f"`{declared.name.upper()}`", told["meaning"], default, told.get("needed_by", ""))
    return f"| {' | '.join(cells)} |\n".replace("|  |", "| |")


def test_the_page_of_settings_is_what_the_declarations_make():
    assert PAGE.read_text(encoding="utf-8") == settings_page()


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch):
    for name in (*ENVIRONMENT, "INSTANCE_FOLDER"):
        monkeypatch.delenv(name, raising=False)


def test_without_an_environment_the_defaults_hold():
    assert read_settings() == Settings()


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_setting_is_read_from_the_environment(name, monkeypatch):
    field, text, value = ENVIRONMENT[name]
    monkeypatch.setenv(name, text)

    assert getattr(read_settings(), field) == value


def test_the_instance_folder_is_read_as_a_whole_path(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INSTANCE_FOLDER", "here")

    assert read_settings().instance_folder == tmp_path / "here"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("BOOK_ACCESS", "closed"),
        ("BOOK_CURRENCY", "kr"),
        ("BOOK_CURRENCY", "sek"),
        ("BOOK_CURRENCY", "SEKK"),
        ("BOOK_CURRENCY", "ÅÄÖ"),
        ("BOOK_CURRENCY", ""),
        ("BOOK_TIME_ZONE", "Mars/Base"),
        ("BOOK_TIME_ZONE", ""),
        ("BOOK_TIME_ZONE", "Europe"),  # a folder of zones
        ("BOOK_TIME_ZONE", "../zone"),
        ("BOOK_TIME_ZONE", "x" * 300),
        ("LOG_LEVEL", "loud"),
        ("INSTANCE_FOLDER", ""),
        *(
            (name, text)
            for name in (
                "MAX_REQUEST_BYTES",
                "EXPORT_SECONDS",
                "EXPORT_MEMORY_BYTES",
                "SPOOL_BYTES",
            )
            for text in ("0", "-1", "much", "", "1.5")
        ),
    ],
)
def test_a_setting_that_the_book_cannot_run_with_is_refused_by_name(name, text, monkeypatch):
    monkeypatch.setenv(name, text)

    with pytest.raises(SettingsError, match=name):
        read_settings()


@pytest.mark.parametrize(
    "url", ["sqlite:///x.db", "mysql://u@h/b", "nonsense", "postgresql://u@h:port/b", "://"]
)
def test_an_address_that_is_not_of_postgresql_is_refused(url):
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        _ = Settings(database_url=url).sqlalchemy_url


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_way_to_write_postgresql_uses_one_driver(scheme):
    url = Settings(database_url=f"{scheme}://u:p%40@h:5433/b").sqlalchemy_url

    assert url.drivername == "postgresql+psycopg"
    assert (url.password, url.port, url.database) == ("p@", 5433, "b")


def test_without_an_address_the_book_is_a_file_of_the_instance_folder():
    url = Settings(instance_folder=Path("/a b?c")).sqlalchemy_url

    assert (url.drivername, url.database) == ("sqlite", "/a b?c/claimbook.db")


def test_secrets_are_not_shown():
    assert "hush" not in repr(Settings(secret_key="hush", database_url="postgresql://u:hush@h/b"))


def test_the_key_is_made_once_and_is_readable_by_its_owner_alone(tmp_path):
    with ThreadPool(8) as pool:
        keys = set(pool.starmap(stored_key, [(tmp_path, "secret_key")] * 16))

    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_wrong_setting_ends_a_command_with_a_sentence_and_no_trace(tmp_path):
    environment = {**os.environ, "BOOK_ACCESS": "wide", "INSTANCE_FOLDER": str(tmp_path)}
    command = [sys.executable, "-m", "flask", "-A", "flaskr:create_app", "claims", "check"]

    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert ended.stderr.startswith("Error: BOOK_ACCESS is 'wide'")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "names", [".", ".com", "*", "*.example.com", "https://a.example", "a.example/x", "a b", "å.se"]
)
def test_a_host_that_is_no_name_or_everybodys_is_refused(names):
    settings = Settings(book_access="signed-in", secret_key=STRONG_KEY, trusted_hosts=(names,))

    with pytest.raises(SettingsError, match="TRUSTED_HOSTS has"):
        check_signed_in(settings, is_debug=False)


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "[::1]", "claims.example.com", ".example.com"]
)
def test_a_host_by_name_or_address_is_taken(name):
    settings = Settings(book_access="signed-in", secret_key=STRONG_KEY, trusted_hosts=(name,))

    check_signed_in(settings, is_debug=False)


def test_every_setting_is_tried_here():
    declared = {each.name.upper() for each in fields(Settings)}

    assert {*ENVIRONMENT, "INSTANCE_FOLDER"} == declared


if __name__ == "__main__":
    PAGE.write_text(settings_page(), encoding="utf-8")
