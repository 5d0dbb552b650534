"""Plain words: turns of phrase that nobody would say to a colleague are refused, never words."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flaskr.claims.ledger.rules import EntryType
from flaskr.facts.labels import LABELS
from flaskr.settings import PROJECT_FOLDER

# What to write instead: "there is no X", "is based on", "separate", "as is", "anyway", "forever",
# "automatically", "find it again under", "detected".
TURNS = (
    "is none",
    "are none",
    "goes by",
    "go by",
    "of its own",
    "as it stands",
    "all the same",
    "for ever",
    "by itself",
    "the way back",
    "told by",
    "told of",
    "need not be told",
    "a room apart",
    "in a room of",
    "a role other than",
    "let a person in",
    "lets a person in",
    "let people in",
    "lets people in",
    "no such day in the book",
    "since the trail began",
    "cannot be had",
    "take back what",
    "brings instants",
    "to be mended",
)
TURN = re.compile(r"\b({})\b".format("|".join(TURNS)), re.IGNORECASE)
FLASKR = PROJECT_FOLDER / "flaskr"
MARKUP = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", re.DOTALL)
QUOTED = re.compile(r"'([^'\n]*)'|\"([^\"\n]*)\"")
HAVE_DOCSTRINGS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

Texts = Iterator[tuple[Path, str]]


def templates() -> Texts:
    """What stands between the tags of templates, and the texts quoted inside them."""
    for path in sorted((FLASKR / "templates").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        yield path, MARKUP.sub(" ", text)
        yield from ((path, one or other) for one, other in QUOTED.findall(text))


def strings(path: Path) -> tuple[list[str], list[str]]:
    """The docstrings of a module, and its other strings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, HAVE_DOCSTRINGS) and ast.get_docstring(node)
    ]
    known = {id(each) for each in found}
    others = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in known)
    return [each.value for each in found], [n.value for n in others if isinstance(n.value, str)]


def docstrings() -> Texts:
    for path in sorted(FLASKR.rglob("*.py")):
        yield from ((path, text) for text in strings(path)[0])


def messages() -> Texts:
    """The strings of modules that are no docstrings: messages, labels, and SQL with them."""
    for path in sorted(FLASKR.rglob("*.py")):
        yield from ((path, text) for text in strings(path)[1])


def documents() -> Texts:
    paths = [PROJECT_FOLDER / "README.md", PROJECT_FOLDER / "CHANGELOG.md"]
    for path in [*paths, *sorted((PROJECT_FOLDER / "docs").rglob("*.md"))]:
        yield path, path.read_text(encoding="utf-8")


# Those that are in plain words by now.
SOURCES: tuple[Callable[[], Texts], ...] = (templates, docstrings, messages, documents)


def turns_in(texts: Texts) -> list[str]:
    """Each turn with where it stands; a text that is broken over lines is read as one."""
    return [
        f"{path.relative_to(PROJECT_FOLDER)}: {turn[0]}"
        for path, text in texts
        for turn in TURN.finditer(" ".join(text.split()))
        if not turn[0].endswith("None")  # Python's
    ]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_no_turn_of_a_private_language_is_read(source):
    assert turns_in(source()) == []


def test_a_turn_is_found_over_the_end_of_a_line_and_a_single_word_is_not():
    here = PROJECT_FOLDER / "README.md"

    assert turns_in([(here, "It goes\n  by the day.")]) == ["README.md: goes by"]
    assert turns_in([(here, "It goes there, and none is told.")]) == []


def test_every_entry_type_has_a_name_on_pages():
    assert set(EntryType) <= set(LABELS)
