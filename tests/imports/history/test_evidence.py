import json
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from flaskr.claims.models import ClaimRevision
from flaskr.claims.queries import claim_by_reference, entries_of
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents
from flaskr.import_records.models import Import, ImportFile, ImportKind
from flaskr.import_records.queries import loadings_of
from flaskr.imports.job_folders import file_digest
from tests.factories import make_claim
from tests.imports.importing import COSTS

ROWS = (
    ("Ref", "Claim Cost", "Status", "Orsak"),
    ["A-1", 10, "open", "fire"],
    ["A-2", 5, "open", ""],
    ["A-3", "x", "open", ""],
)


@pytest.fixture
def loaded_rows(importing):
    """An import of three rows: one creates a claim, one changes a claim, one is refused."""
    make_claim(claim_reference="A-1")
    return importing.load(
        *ROWS,
        leaves_refused=True,
        columns={"Ref": "claim_reference"},
        constants={"loss_date": "2024-03-01"},
        actor="kim",
    )


def test_an_import_is_recorded_with_its_counts_and_what_its_entries_moved(loaded_rows):
    [record] = db.session.scalars(select(Import))

    assert (record.kind, record.recorded_by, record.undoes) == (ImportKind.FACTS, "kim", None)
    assert (record.created, record.changed, record.unchanged, record.refused) == (1, 1, 0, 1)
    assert (record.entries, record.outstanding, record.paid) == (2, Decimal("15.00"), 0)


def test_each_file_is_recorded_with_its_hash_and_how_it_was_read(importing, loaded_rows):
    sha256, size = file_digest(importing.folder / "claims.csv")

    [file] = db.session.scalars(select(ImportFile))

    assert (file.file_name, file.contents, file.row_count) == ("claims.csv", Contents.CLAIMS, 3)
    assert (file.sha256, file.size_bytes) == (sha256, size)
    assert json.loads(file.mapping) == {
        "columns": {
            **{"Ref": "claim_reference", "Claim Cost": "claim_cost"},
            **{"Status": "", "Orsak": "cause"},
        },
        "constants": {"loss_date": "2024-03-01"},
        "encoding": "utf-8",
    }
    assert [record.id for record in loadings_of(sha256)] == [file.import_id]


def test_the_rows_of_an_import_have_the_number_of_their_source_row(loaded_rows):
    created, changed = claim_by_reference("A-2"), claim_by_reference("A-1")
    [revision] = db.session.scalars(select(ClaimRevision))

    assert (created.import_id, created.import_row, created.recorded_by) == (1, 3, "kim")
    assert (changed.import_id, changed.import_row) == (None, None)
    assert [(entry.import_id, entry.import_row) for entry in entries_of(changed)] == [(1, 2)]
    assert (revision.import_id, revision.replaced_by) == (1, "kim")


def test_an_import_that_was_undone_does_not_count_as_loaded(importing, loaded_rows):
    sha256, _ = file_digest(importing.folder / "claims.csv")
    undo = dict.fromkeys(("created", "changed", "unchanged", "refused", "entries"), 0)
    undo |= dict.fromkeys(("paid", "outstanding", "recovered"), Decimal(0))
    recorded_at = db.session.scalar(select(Import.recorded_at))
    db.session.add(
        Import(kind=ImportKind.UNDO, recorded_at=recorded_at, recorded_by="x", undoes=1, **undo)
    )
    db.session.flush()

    assert loadings_of(sha256) == []


@pytest.mark.parametrize("table", ["imports", "import_files"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id + 1", "DELETE FROM {}"])
def test_the_record_of_imports_is_never_changed(importing, table, change):
    importing.load(COSTS, ["A", 1])

    with pytest.raises(DatabaseError):
        db.session.execute(text(change.format(table)))
    db.session.rollback()
