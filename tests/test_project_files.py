"""Style sheets, and the settings of ruff and mypy."""

import re
import tomllib
from importlib.util import find_spec

from flaskr.settings import PROJECT_FOLDER


def overrides() -> list[str]:
    """The modules in mypy's settings."""
    text = (PROJECT_FOLDER / "pyproject.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)["tool"]["mypy"]["overrides"]
    return [name for table in tables for name in table["module"]]


def ignored_paths() -> list[str]:
    """The paths in ruff's settings."""
    text = (PROJECT_FOLDER / "pyproject.toml").read_text(encoding="utf-8")
    return list(tomllib.loads(text)["tool"]["ruff"]["lint"]["per-file-ignores"])


def exists(name: str) -> bool:
    """Whether a pattern matches a module of ours, or names an installed package."""
    package, *rest = name.split(".")
    if package == "flaskr":
        return any((PROJECT_FOLDER / package).glob("/".join(rest) + ".py"))
    return rest == ["*"] and find_spec(package) is not None


def test_the_overrides_of_mypy_name_modules_that_exist():
    assert [name for name in overrides() if not exists(name)] == []


def test_what_ruff_ignores_is_in_files_that_exist():
    assert [path for path in ignored_paths() if not any(PROJECT_FOLDER.glob(path))] == []


def test_style_sheets_name_no_other_file():
    sheets = sorted((PROJECT_FOLDER / "flaskr" / "static").glob("*.css"))
    named = r"url\((?!['\"]?data:)|@import|sourceMappingURL"

    assert len(sheets) > 1
    assert [path.name for path in sheets if re.search(named, path.read_text("utf-8"))] == []
