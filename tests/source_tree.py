"""The source as syntax trees, for the tests of what everybody keeps to."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from flaskr.settings import PROJECT_FOLDER

MODULES = sorted((PROJECT_FOLDER / "flaskr").rglob("*.py"))
TESTS = sorted((PROJECT_FOLDER / "tests").rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT_FOLDER))


def imported(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """The modules that import statements name, with what `from` takes out of a package."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            if (node.module or "").count(".") < 2:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def anywhere(path: Path) -> Iterator[str]:
    return imported(ast.walk(tree_of(path)))


def functions_of(path: Path) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef))


def lines_of(function: ast.FunctionDef) -> int:
    """How long a function is, its docstring aside."""
    told = function.body[0] if ast.get_docstring(function) else None
    told_lines = told.end_lineno - told.lineno + 1 if told else 0
    return function.end_lineno - function.lineno + 1 - told_lines


def dotted(path: Path) -> str:
    """A module's name as imports write it."""
    parts = path.relative_to(PROJECT_FOLDER).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
