from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook

from flaskr.imports.migration_checks import read_migration
from flaskr.imports.migration_services import Migrated, import_migration
from flaskr.imports.readers import read_table
from tests.factories import ACTOR
from tests.imports.older_system import CLAIMS, HOME, LEDGER, POLICIES, WATER

FILES = Path(__file__).parent.parent / "files"


@pytest.fixture
def write_workbook(tmp_path: Path) -> Callable[..., Path]:
    """A workbook of one sheet of rows; its path."""

    def write(*rows: Sequence[object], sheet: str = "Claims", name: str = "costs.xlsx") -> Path:
        book = Workbook(write_only=True)
        page = book.create_sheet(sheet)
        for row in rows:
            page.append(list(row))
        book.save(tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[[str, str], Path]:
    """A CSV file of the text given; its path."""

    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture
def migrate(write_csv) -> Callable[..., Migrated]:
    """Import a migration of the texts given, by file name, in the session at hand."""

    def run(**texts: str) -> Migrated:
        raws = [read_table(write_csv(f"{name}.csv", text)) for name, text in texts.items()]
        return import_migration(read_migration(raws), actor=ACTOR)

    return run


@pytest.fixture
def bring(rolled_back, migrate):
    """Migrate one policy, one claim and the ledger given; each file can be another."""

    def run(*entries: str, policies: str = HOME, claims: str = WATER):
        texts = {"policies": POLICIES + policies, "claims": CLAIMS + claims}
        return migrate(**texts, ledger=LEDGER + "".join(entries))

    return run


@pytest.fixture
def golden(rolled_back) -> Migrated:
    """The golden ledger, loaded as a migration, on each database."""
    raws = [
        read_table(FILES / "golden" / f"{name}.csv") for name in ("policies", "claims", "ledger")
    ]
    return import_migration(read_migration(raws), actor=ACTOR)
