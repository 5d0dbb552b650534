"""The README and the pages of docs/, and what stands in them: examples and commands."""

import re
from pathlib import Path

from flaskr.settings import PROJECT_FOLDER

README = PROJECT_FOLDER / "README.md"
PAGES = (README, *sorted((PROJECT_FOLDER / "docs").glob("*.md")))
# What each example has that no other has. The first three are run by tests/exports/test_readers.py,
# the fourth by tests/exports/feeds/test_revisions.py, the last by
# tests/users/sessions/test_tokens.py.
EXAMPLES = ("import pandas", "import polars", "import duckdb", "X-Next-Since", "Authorization")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def examples() -> list[str]:
    """Every block of Python."""
    blocks = (re.findall(r"```python\n(.*?)```", text_of(page), re.DOTALL) for page in PAGES)
    return [block for found in blocks for block in found]


def example_with(words: str) -> str:
    """The one example that has these words."""
    (found,) = [block for block in examples() if words in block]
    return found


def commands() -> list[str]:
    """Every command in a block of code, and every `flask …` within a sentence."""
    found: list[str] = []
    for page in PAGES:
        lines = [line.strip() for line in text_of(page).splitlines() if line.startswith("    ")]
        found += [part.strip() for line in lines for part in line.split(" && ")]
        found += re.findall(r"`(flask [^`]+)`", text_of(page))
    return [each for each in found if re.match(r"(\w+=\S+ )*(\.venv/bin/|flask )", each)]
