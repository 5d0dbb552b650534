"""The golden ledger in a book, and files of it; figures as they were published with it."""

from pathlib import Path

from flaskr.extensions import db
from flaskr.imports.migration_checks import read_migration
from flaskr.imports.migration_services import import_migration
from flaskr.imports.readers import read_table
from tests.factories import ACTOR

GOLDEN = Path(__file__).parent.parent / "files" / "golden"
FORMS = {
    "csv": "format=csv",
    "csv-raw": "format=csv&raw=1",
    "excel-sv": "format=csv&dialect=excel-sv",
    "excel-sv-raw": "format=csv&dialect=excel-sv&raw=1",
    "parquet": "format=parquet",
    "xlsx": "format=xlsx",
    "arrow": "format=arrow",
    "jsonl": "format=jsonl",
}


def load_golden() -> None:
    raws = [read_table(GOLDEN / f"{name}.csv") for name in ("policies", "claims", "ledger")]
    import_migration(read_migration(raws), actor=ACTOR)
    db.session.commit()


def saved(client, folder: Path, query: str, contents: str = "claims") -> Path:
    """A file of the book with its manifest beside it; its path."""
    address = f"/export_{contents}?{query}"
    path = folder / "given"
    path.write_bytes(client.get(address).data)
    path.with_name("given.manifest.json").write_bytes(client.get(f"{address}&manifest=1").data)
    return path
