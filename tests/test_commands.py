import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from sqlalchemy import text

from flaskr import create_app
from flaskr.commands import BookCommand
from flaskr.errors import ClaimBookError, SchemaError
from flaskr.exit_codes import ExitCode
from tests.books import close_connections, make_settings
from tests.factories import make_claim, reserve

# Every command with what a job can be told of it: the words, and the exit code of that case.
REFUSED = {
    "book": [],
    "book close": ["2024-12-31"],
    "book late": ["2024-12-31"],
    "book live": [],
    "claims check": [],
    "claims totals": [],
    "demo fill": ["--until", "1979-12-31"],
    "doctor": [],
    "exports book": ["{folder}/book.zip"],
    "exports claims": ["--to", "{folder}/claims.csv"],
    "exports ledger": ["--to", "{folder}/ledger.csv"],
    "exports policies": ["--to", "{folder}/policies.csv"],
    "exports revisions": ["--to", "{folder}/revisions.csv"],
    "exports verify": [__file__],
    "import": [__file__],
    "imports list": [],
    "imports undo": ["1", "--reason", "other"],
    "people erase": ["H-1", "--reason", "asked", "--yes"],
    "people show": ["H-1", "--reason", "asked", "--to", "person.json"],
    "users create": ["eva@example.com"],
    "users link": ["eva@example.com"],
    "users list": [],
    "users remove-second-factor": ["eva@example.com"],
    "users sign-out": ["eva@example.com"],
}
BY_RULES = (
    "book close",
    "book late",
    "demo fill",
    "exports verify",
    "import",
    "imports undo",
    "people erase",
    "people show",
    "users link",
    "users remove-second-factor",
    "users sign-out",
)


def commands_of(command: click.Command, *names: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from commands_of(each, *names, name)
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield " ".join(names), command


def our_commands(app) -> dict[str, click.Command]:
    """All but Flask-Migrate's, which run migrations/env.py."""
    found = dict(commands_of(app.cli))
    return {name: each for name, each in found.items() if not name.startswith("db ")}


def words_of(name: str, folder: Path) -> list[str]:
    return [*name.split(), *(word.format(folder=folder) for word in REFUSED[name])]


@pytest.fixture
def unreachable(tmp_path):
    """An application whose database server does not answer."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql://u@127.0.0.1:{taken.getsockname()[1]}/book"
        app = create_app(make_settings(tmp_path, database_url=url))
        yield app
        close_connections(app)


def test_every_command_is_one_whose_exit_code_says_what_became_of_it(sqlite_app):
    commands = our_commands(sqlite_app)

    assert {name for name, each in commands.items() if not isinstance(each, BookCommand)} == set()
    assert commands.keys() == REFUSED.keys()


@pytest.mark.parametrize("name", [n for n in REFUSED if n not in ("doctor", "exports verify")])
def test_a_database_that_is_away_is_4_and_a_sentence(unreachable, tmp_path, name):
    result = unreachable.test_cli_runner().invoke(args=words_of(name, tmp_path))

    assert result.exit_code == ExitCode.UNAVAILABLE, result.output
    assert "The database does not answer" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("name", BY_RULES)
def test_what_the_rules_refuse_is_3(runner, session, tmp_path, name):
    result = runner.invoke(args=words_of(name, tmp_path))

    assert result.exit_code == ExitCode.REFUSED, result.output
    assert "Error: " in result.stderr


@pytest.mark.parametrize("name", REFUSED)
def test_an_option_that_there_is_not_is_2(sqlite_app, name):
    result = sqlite_app.test_cli_runner().invoke(args=[*name.split(), "--wrong"])

    assert result.exit_code == ExitCode.USAGE


@pytest.mark.parametrize("name", [name for name in REFUSED if name.startswith("exports ")])
def test_a_path_that_leads_nowhere_is_2(runner, session, tmp_path, name):
    result = runner.invoke(args=words_of(name, tmp_path / "nowhere")[:-1] + ["/nowhere/file.csv"])

    assert result.exit_code == ExitCode.USAGE, result.output


@pytest.mark.parametrize("name", ["import", "exports verify"])
@pytest.mark.parametrize("kind", ["pipe", "device", "socket"])
def test_a_file_that_may_never_end_is_not_read(runner, session, tmp_path, name, kind):
    path = tmp_path / "pipe"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    else:
        with closing(socket.socket(socket.AF_UNIX)) as made:
            made.bind(str(path))

    result = runner.invoke(args=[*name.split(), str(path)])

    assert result.exit_code == ExitCode.USAGE
    assert "is not a file but a pipe, a device or a socket" in result.stderr


def test_a_device_is_not_replaced_by_a_file(runner, session):
    result = runner.invoke(args=["exports", "claims", "--to", "/dev/null", "--overwrite"])

    assert result.exit_code == ExitCode.USAGE
    assert Path("/dev/null").is_char_device()


def test_differences_are_5(runner, session, tmp_path):
    reserve(make_claim(), "10.00")
    session.commit()
    path = tmp_path / "claims.csv"
    runner.invoke(args=["exports", "claims", "--to", str(path), "--manifest"])
    path.write_bytes(path.read_bytes().replace(b"10.00", b"10.01"))
    session.execute(text("UPDATE claims SET paid = paid + 1"))
    session.commit()

    codes = [
        runner.invoke(args=words).exit_code
        for words in (["exports", "verify", str(path)], ["claims", "check"])
    ]

    assert codes == [ExitCode.DIFFERENT, ExitCode.DIFFERENT]


def test_a_fault_of_ours_is_1_with_a_trace(sqlite_app, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("broken")

    monkeypatch.setattr("flaskr.users.commands.all_users", fail)

    result = sqlite_app.test_cli_runner().invoke(args=["users", "list"])

    assert (result.exit_code, str(result.exception)) == (ExitCode.FAULT, "broken")


@pytest.mark.parametrize("number", [28, 122, 5, 30, 13])
def test_a_disk_that_takes_nothing_more_is_4(sqlite_app, monkeypatch, number):
    def fail(*arguments):
        raise OSError(number, "full", "/srv/book")

    monkeypatch.setattr("flaskr.users.commands.all_users", fail)

    result = sqlite_app.test_cli_runner().invoke(args=["users", "list"])

    assert result.exit_code == ExitCode.UNAVAILABLE
    assert "(full (/srv/book))" in result.stderr


@pytest.mark.parametrize("words", [["upgrade"], ["current"], ["downgrade", "0005"]])
def test_the_commands_of_the_schema_say_so_too(unreachable, words):
    result = unreachable.test_cli_runner().invoke(args=["db", *words])

    assert result.exit_code == ExitCode.UNAVAILABLE
    assert "The database does not answer" in result.stderr


def test_every_error_has_an_exit_code_that_follows_from_its_status():
    classes = [ClaimBookError]
    for each in classes:
        classes += each.__subclasses__()

    codes = {each.__name__: (each.status, ExitCode(each.exit_code)) for each in classes}

    assert {code for status, code in codes.values() if status in (503, 507)} == {
        ExitCode.UNAVAILABLE,
        ExitCode.USAGE,  # a setting
        ExitCode.REFUSED,  # a migration of the schema
        ExitCode.DIFFERENT,  # a file that lacks commits
    }
    refused = {code for status, code in codes.values() if status in (403, 404, 410, 413, 422)}
    assert refused == {ExitCode.REFUSED}
    assert codes["SettingsError"][1] is ExitCode.USAGE
    assert codes["MigrationRefused"][1] is ExitCode.REFUSED
    assert codes["PlanOutdated"][1] is ExitCode.UNAVAILABLE


def test_an_error_keeps_its_exit_code_through_a_child_class():
    class _Child(SchemaError):
        pass

    assert _Child("x").exit_code == ExitCode.UNAVAILABLE


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_output_is_written_in_any_encoding_of_the_terminal(tmp_path, encoding):
    path = tmp_path / "skador.csv"
    path.write_text("skadenummer;utbetalt;kvarstående\nÖ-1Ω;x“;1\n", encoding="utf-8")
    environment = os.environ | {"PYTHONIOENCODING": encoding, "LANG": "C"}
    environment["INSTANCE_FOLDER"] = str(tmp_path / "book")
    flask = [sys.executable, "-m", "flask", "-A", "flaskr:create_app"]
    options = ["--column", "kvarstående=outstanding", "--dry-run"]

    for words in (["import", str(path), *options], ["people", "erase", "--help"]):
        done = subprocess.run([*flask, *words], env=environment, capture_output=True)

        assert b"Traceback" not in done.stderr
        assert done.returncode == (3 if "import" in words else 0), done.stderr


def test_the_table_of_exit_codes_is_in_the_documentation():
    page = Path("docs/commands.md").read_text(encoding="utf-8")

    assert all(f"| {int(code)} |" in page for code in ExitCode)
