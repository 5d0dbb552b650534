"""The layout: who may import whom, how large a room is, and one meaning a name."""

import ast
import importlib
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from flaskr.settings import PROJECT_FOLDER
from tests.source_tree import MODULES, TESTS, anywhere, dotted, name_of, tree_of

ROOMS = """
    exit_codes errors private_files secret_keys settings extensions database processes commands
    values facts files book web audit users saved_views import_records policies claims closings
    overview exports archive demo imports privacy reserving api operations app
""".split()  # noqa: SIM905
LAYERS = ("models", "queries", "services", "forms", "views", "commands")
HEAVY = {"pandas", "pyarrow", "numpy", "faker", "openpyxl", "xlsxwriter", "duckdb", "dask"}
HEAVY |= {"adbc_driver_manager", "adbc_driver_sqlite", "adbc_driver_postgresql"}
MAY_BE_HEAVY = ("demo", "files", "exports", "archive", "imports", "reserving")
KNOW_THE_REQUEST = ("flaskr/web/request_hooks.py", "flaskr/web/page_addresses.py")
KNOW_THE_REQUEST += ("flaskr/users/sessions/cookies.py",)
KNOW_THE_REQUEST += tuple(
    f"flaskr/users/gate/{name}.py"
    for name in ("access", "caching", "names_seen", "refusals", "request_checks")
)
NAMES = {dotted(path) for path in MODULES}
# What Flask, click and SQLAlchemy find by a decorator, and nobody calls.
REGISTERS = re.compile(r"blueprint|\.command|\.group|AppGroup|compiles|listens_for")
PAGES_AND_TWINS = re.compile(r"views\.(index|show)$|files\.(readers|writers)\.")


def room_of(path: Path) -> str:
    """The feature that a module is of, or the module itself at the root."""
    return path.relative_to(PROJECT_FOLDER / "flaskr").with_suffix("").parts[0]


def layer_of(module: str) -> int | None:
    last = module.rpartition(".")[2].rpartition("_")[2]
    return min(LAYERS.index(last), LAYERS.index("views")) if last in LAYERS else None


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


def is_registered(node: ast.AST) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(REGISTERS.search(ast.unparse(decorator)) for decorator in decorators)


def is_public(node: ast.AST) -> bool:
    is_named = isinstance(node, ast.FunctionDef | ast.ClassDef)
    return is_named and not node.name.startswith("_")


def test_a_public_name_means_one_thing():
    meanings = defaultdict(list)
    for path in MODULES:
        for node in filter(is_public, tree_of(path).body):
            if not PAGES_AND_TWINS.search(f"{dotted(path)}.{node.name}"):
                meanings[node.name].append(dotted(path))

    assert {name: where for name, where in meanings.items() if len(where) > 1} == {}


def uses(path: Path) -> set[str]:
    """What a module takes from others: names imported, attributes, and work named in strings."""
    tree = tree_of(path)
    imported = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    strings = {
        node.value.rpartition(":")[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ":" in node.value
    }
    return imported | attributes | strings


def test_what_only_its_own_module_uses_begins_with_an_underscore():
    taken = {path: uses(path) for path in (*MODULES, *TESTS)}
    for path in (PROJECT_FOLDER / "migrations").rglob("*.py"):
        taken[path] = uses(path)
    for path in (PROJECT_FOLDER / "flaskr" / "templates").rglob("*.html"):  # filters
        taken[path] = set(re.findall(r"\| (\w+)", path.read_text(encoding="utf-8")))

    # Takes seconds: every name of every module is looked for in all others.
    assert [
        f"{dotted(path)}.{node.name}"
        for path in MODULES
        for node in filter(is_public, tree_of(path).body)
        if isinstance(node, ast.FunctionDef) and not is_registered(node)
        if not any(
            {f"{dotted(path)}.{node.name}", node.name} & names
            for other, names in taken.items()
            if other != path
        )
    ] == []


def test_every_module_can_be_imported():
    for name in sorted(NAMES):
        importlib.import_module(name)  # also measures what is otherwise loaded in another process
