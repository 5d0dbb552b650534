"""The README and docs/ say what is so: links, commands, folders, addresses and lists."""

import re
import shlex
from importlib.util import find_spec

import click
import pytest
from flask.cli import FlaskGroup, ScriptInfo

from flaskr.facts.closed_lists import Cause, Contents, EntryType, LineOfBusiness
from flaskr.imports.loaded_columns import LAYOUTS, SKIPPED_COLUMNS
from flaskr.settings import PROJECT_FOLDER
from flaskr.users.models import Role
from tests.documentation import EXAMPLES, PAGES, README, commands, examples, text_of
from tests.test_rooms import ROOMS

MOST_BYTES = 12_288
FOLDERS = ("flaskr", "tests", "migrations", "docs")
DOCS = PROJECT_FOLDER / "docs"
FLASK = [each for each in commands() if re.search(r"(^|/| )flask ", each)]
OTHERS = [each for each in commands() if each not in FLASK]


def test_the_readme_is_short():
    assert len(README.read_bytes()) < MOST_BYTES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text_of(page))

    assert [
        link for link in links if "://" not in link and not (page.parent / link).is_file()
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_folder_that_is_named_exists(page):
    named = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[^`\s]*)`", text_of(page))

    assert [name for name in named if not (PROJECT_FOLDER / name).exists()] == []


def test_every_page_of_docs_is_linked_from_the_readme():
    assert {f"docs/{page.name}" for page in PAGES[1:]} <= set(
        re.findall(r"\]\(([^)]+)\)", text_of(README))
    )


@pytest.mark.parametrize("line", FLASK)
def test_every_flask_command_exists_with_its_options(sqlite_app, line):
    words = shlex.split(line)
    words = words[next(at for at, word in enumerate(words) if word.endswith("flask")) + 1 :]
    script = ScriptInfo(create_app=lambda: sqlite_app)
    command: click.Command = FlaskGroup(create_app=lambda: sqlite_app)
    context = click.Context(command, obj=script)
    while isinstance(command, click.Group) and words:
        name = words.pop(0)
        command = command.get_command(context, name)
        assert command, f"there is no command {name}"

    _, left, _ = command.make_parser(click.Context(command)).parse_args(words)

    assert left == []


def test_there_are_commands():
    assert len(FLASK) > 25
    assert len(OTHERS) > 15


@pytest.mark.parametrize("line", OTHERS)
def test_every_other_command_names_what_is_there(line):
    words = shlex.split(line)
    program, words = words[0].rpartition("/")[2], words[1:]

    if words[:2] == ["-m", "venv"] or program == "pip":
        return
    if program == "python":
        assert find_spec(words[1])
    paths = [word for word in words if "/" in word and ":" not in word]
    assert [path for path in paths if not (PROJECT_FOLDER / path).exists()] == []


def test_every_example_is_run_by_a_test():
    assert [sum(words in block for words in EXAMPLES) for block in examples()] == [1] * 5


def test_the_map_has_the_folders_in_the_order_of_their_imports():
    header, *mapped = re.findall(r"^\| `(\w+)/` \|", text_of(README), re.MULTILINE)
    folders = {
        path.name
        for path in (PROJECT_FOLDER / "flaskr").iterdir()
        if path.is_dir() and path.name not in ("__pycache__", "static", "templates")
    }

    assert header == "flaskr"
    assert set(mapped) == folders
    assert mapped == [room for room in ROOMS if room in folders]
    assert "`static/`, `templates/`" in text_of(README)


def test_every_address_in_the_table_of_pages_exists(sqlite_app):
    table = text_of(README).partition("## The pages")[2].partition("## Files")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    addresses = {
        address.partition("?")[0] for row in rows for address in re.findall(r"`([^`]+)`", row)
    }

    assert len(addresses) > 15
    rules = {rule.rule.replace("<reference:", "<") for rule in sqlite_app.url_map.iter_rules()}
    assert addresses - rules == set()


@pytest.mark.parametrize("contents", [Contents.CLAIMS, Contents.POLICIES])
def test_the_columns_of_an_import_are_those_of_its_layout(contents):
    row = re.search(rf"^\| {contents} \|(.*)\|(.*)\|$", text_of(DOCS / "imports.md"), re.MULTILINE)
    required, optional = (set(re.findall(r"`(\w+)`", cell)) for cell in row.groups())
    layout = LAYOUTS[contents]
    loaded = set(layout.names) - set(SKIPPED_COLUMNS[False, contents])

    assert required == set(layout.required)
    assert optional == loaded - required


def test_the_closed_lists_are_whole():
    page = text_of(DOCS / "imports.md").replace("\n", " ")

    for listed in (LineOfBusiness, Cause, EntryType):
        assert ", ".join(listed) in page


def test_every_role_stands_in_the_table_of_roles():
    found = re.findall(r"^\| (\w+) \|", text_of(DOCS / "people.md"), re.MULTILINE)

    assert found == ["role", *Role]
