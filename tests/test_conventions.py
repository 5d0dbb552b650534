"""What everybody keeps to, so that nobody has to remember it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from flaskr.settings import PROJECT_FOLDER

ROOMS = """
    errors secret_keys settings extensions database isolation values facts files book web audit
    users saved_views import_records policies claims overview exports archive demo imports privacy
    reserving api operations app
""".split()  # noqa: SIM905
LAYERS = ("models", "queries", "services", "forms", "views", "commands")
HEAVY = {"pandas", "pyarrow", "numpy", "faker", "openpyxl", "xlsxwriter", "duckdb", "dask"}
HEAVY |= {"adbc_driver_manager", "adbc_driver_sqlite", "adbc_driver_postgresql"}
MAY_BE_HEAVY = ("demo", "files", "exports", "archive", "imports", "reserving")
KNOW_THE_REQUEST = ("flaskr/web/request_hooks.py", "flaskr/users/sessions/cookies.py")
KNOW_THE_REQUEST += tuple(f"flaskr/users/gate/{name}.py" for name in ("access", "gate", "refusals"))
MODULES = sorted((PROJECT_FOLDER / "flaskr").rglob("*.py"))
NAMES = {".".join(path.relative_to(PROJECT_FOLDER).with_suffix("").parts) for path in MODULES}
TESTS = sorted((PROJECT_FOLDER / "tests").rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT_FOLDER))


def room_of(path: Path) -> str:
    """The feature that a module is of, or the module itself at the root."""
    return path.relative_to(PROJECT_FOLDER / "flaskr").with_suffix("").parts[0]


def layer_of(module: str) -> int | None:
    last = module.rpartition(".")[2].rpartition("_")[2]
    return min(LAYERS.index(last), LAYERS.index("views")) if last in LAYERS else None


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


def may_import(path: Path, module: str) -> bool:
    """Whether a module of the application may import another: leftwards, and down its layers."""
    own, other = room_of(path), module.split(".")
    if other[0] != "flaskr" or len(other) == 1 or own == "__init__":
        return True
    if other[1] != own:
        return ROOMS.index(other[1]) < ROOMS.index(own)
    return is_beside(path, module) is False or may_import_beside(path, module)


def is_beside(path: Path, module: str) -> bool:
    """Whether a module is in the same folder."""
    return ".".join(path.relative_to(PROJECT_FOLDER).parent.parts) == module.rpartition(".")[0]


def may_import_beside(path: Path, module: str) -> bool:
    """Whether a module may import one of the same folder: models before queries and so on."""
    own_layer, other_layer = layer_of(path.stem), layer_of(module)
    return None in (own_layer, other_layer) or own_layer >= other_layer


def test_imports_go_leftwards_and_down_the_layers_only():
    assert [
        (name_of(path), module)
        for path in MODULES
        for module in anywhere(path)
        if not may_import(path, module)
    ] == []


def test_files_are_short():
    paths = [*MODULES, *TESTS, PROJECT_FOLDER / "migrations" / "env.py"]

    assert [
        name_of(path) for path in paths if len(path.read_text(encoding="utf-8").splitlines()) >= 250
    ] == []


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


def test_heavy_libraries_stay_where_heavy_work_is_done():
    assert [
        (name_of(path), module)
        for path in MODULES
        if room_of(path) not in MAY_BE_HEAVY
        for module in anywhere(path)
        if module.split(".")[0] in HEAVY
    ] == []


def test_the_application_starts_without_heavy_libraries():
    code = "import sys, flaskr; print(*sorted({name.split('.')[0] for name in sys.modules}))"

    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT_FOLDER,
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(loaded.stdout.split()) & HEAVY == set()


def test_the_request_is_known_to_views_alone():
    known = {"request", "session", "current_user"}

    assert [
        (name_of(path), alias.name)
        for path in MODULES
        if "views" not in path.stem and name_of(path) not in KNOW_THE_REQUEST
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module in ("flask", "flask_login")
        for alias in node.names
        if alias.name in known
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
        name_of(path) for path in MODULES if 'working("write")' in path.read_text(encoding="utf-8")
    ] == ["flaskr/database.py", "flaskr/demo/views.py"]


def test_files_are_named_for_what_they_are_about():
    vague = ("utils", "helpers", "common", "misc", "manager")

    assert [name_of(path) for path in MODULES if path.stem in vague] == []


def test_folders_are_few_files_each_and_never_deep():
    folders = sorted({path.parent for path in MODULES})
    files = {
        name_of(f): sum(p.parent == f and p.stem != "__init__" for p in MODULES) for f in folders
    }
    entries = [each.name for each in (PROJECT_FOLDER / "flaskr").iterdir() if each.suffix != ".pyc"]

    assert {name: count for name, count in files.items() if count > 16} == {}
    assert [name for name in files if name.count("/") > 3] == []
    assert len([name for name in entries if not name.startswith("__")]) <= 30


def test_rooms_do_not_import_in_a_circle():
    """Folder by folder: a stage and its feature may know each other's modules, never in a ring."""
    waits = {name_of(path)[:-3].replace("/", "."): set(anywhere(path)) & NAMES for path in MODULES}
    while free := [name for name, needed in waits.items() if not needed & waits.keys()]:
        for name in free:
            del waits[name]

    assert waits == {}


def test_every_setting_is_in_the_readme():
    read = (PROJECT_FOLDER / "flaskr" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'env\.\w+\("([A-Z_]+)"', read))
    readme = (PROJECT_FOLDER / "README.md").read_text(encoding="utf-8")

    assert len(names) > 5
    assert {name for name in names if f"`{name}`" not in readme} == set()
