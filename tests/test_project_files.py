"""What lies beside the code: style sheets, what is installed, and the settings of the checks."""

import re
import tomllib
from importlib.util import find_spec

from flaskr.settings import PROJECT_FOLDER


def overrides() -> list[str]:
    """The modules that the settings of mypy name."""
    text = (PROJECT_FOLDER / "pyproject.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)["tool"]["mypy"]["overrides"]
    return [name for table in tables for name in table["module"]]


def ignored_paths() -> list[str]:
    """The paths that the settings of ruff name."""
    text = (PROJECT_FOLDER / "pyproject.toml").read_text(encoding="utf-8")
    return list(tomllib.loads(text)["tool"]["ruff"]["lint"]["per-file-ignores"])


def is_there(name: str) -> bool:
    """Whether a pattern of module names matches any: of ours by its file, else by its package."""
    package, *rest = name.split(".")
    if package == "flaskr":
        return any((PROJECT_FOLDER / package).glob("/".join(rest) + ".py"))
    return rest == ["*"] and find_spec(package) is not None


def test_the_overrides_of_mypy_name_modules_that_exist():
    assert [name for name in overrides() if not is_there(name)] == []


def test_what_ruff_ignores_is_in_files_that_exist():
    assert [path for path in ignored_paths() if not any(PROJECT_FOLDER.glob(path))] == []


def test_style_sheets_name_no_other_file():
    sheets = sorted((PROJECT_FOLDER / "flaskr" / "static").glob("*.css"))
    named = r"url\((?!['\"]?data:)|@import|sourceMappingURL"

    assert len(sheets) > 1
    assert [path.name for path in sheets if re.search(named, path.read_text("utf-8"))] == []
