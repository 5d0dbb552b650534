"""How the code is written, held by tests, so that nobody has to remember it."""

import ast

from flaskr.settings import PROJECT_FOLDER
from tests.source_tree import MODULES, TESTS, functions_of, lines_of, name_of, tree_of


def test_files_are_short():
    paths = [*MODULES, *TESTS, PROJECT_FOLDER / "migrations" / "env.py"]
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}

    assert [name for name, count in lines.items() if count >= 250] == []


def test_functions_are_short():
    assert [
        (name_of(path), function.name, lines_of(function))
        for path in MODULES
        for function in functions_of(path)
        if lines_of(function) >= 40
    ] == []


def test_modules_and_what_they_offer_have_a_docstring():
    offered = [
        (path, node)
        for path in MODULES
        for node in (tree_of(path), *tree_of(path).body)
        if isinstance(node, ast.Module)
        or (isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"))
    ]

    assert [
        (name_of(path), getattr(node, "name", "module"))
        for path, node in offered
        if not ast.get_docstring(node)
    ] == []


def test_signatures_have_types_outside_views():
    assert [
        (name_of(path), function.name, argument.arg)
        for path in MODULES
        if "view" not in path.stem
        for function in functions_of(path)
        for argument in (*function.args.args, *function.args.kwonlyargs)
        if argument.annotation is None and argument.arg not in ("self", "cls")
    ] == []


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """Whether a handler would swallow any error; one that tidies up and raises again does not."""
    caught = ast.unparse(handler.type) if handler.type else "BaseException"
    last = handler.body[-1]
    raises_again = isinstance(last, ast.Raise) and last.exc is None
    return caught == "Exception" or (caught == "BaseException" and not raises_again)


def test_errors_are_caught_by_name():
    assert [
        (name_of(path), node.lineno)
        for path in (*MODULES, *TESTS)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    ] == []


def test_only_views_and_commands_commit():
    calls = [
        (path, node)
        for path in MODULES
        if not any(layer in path.stem for layer in ("views", "commands"))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]

    assert [
        (name_of(path), node.lineno)
        for path, node in calls
        if node.func.attr == "commit" and "session" in ast.unparse(node.func.value)
    ] == []


def test_only_one_view_writes_on_a_get_besides_what_is_recorded_apart():
    assert [
        name_of(path)
        for path in MODULES
        if 'transaction_mode("write")' in path.read_text(encoding="utf-8")
    ] == ["flaskr/database/transactions.py", "flaskr/demo/views.py"]
