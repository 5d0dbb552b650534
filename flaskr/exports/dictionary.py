"""The data dictionary: the columns of every file, with names or with pseudonyms."""

from dataclasses import replace

from flaskr.facts.claim_columns import CLAIM_COLUMNS, CLAIM_COLUMNS_BY_TYPE
from flaskr.facts.closed_lists import Contents, FileContents, RevisionContents, TrailContents
from flaskr.facts.columns import Columns, total_names
from flaskr.facts.ledger_columns import LEDGER_COLUMNS
from flaskr.facts.policy_columns import POLICY_COLUMNS, POLICYHOLDER
from flaskr.facts.revision_columns import REVISION_COLUMNS
from flaskr.facts.trail_columns import TRAIL_COLUMNS
from flaskr.values.pseudonyms import pseudonym_column

FILE_COLUMNS: dict[FileContents, Columns] = {
    Contents.CLAIMS: CLAIM_COLUMNS,
    Contents.LEDGER: LEDGER_COLUMNS,
    Contents.POLICIES: POLICY_COLUMNS,
    RevisionContents.REVISIONS: REVISION_COLUMNS,
    TrailContents.TRAIL: TRAIL_COLUMNS,
}
# Further columns, which a file has only if its address names them.
COLUMNS_ON_REQUEST: dict[FileContents, Columns] = {Contents.CLAIMS: CLAIM_COLUMNS_BY_TYPE}
_ALL_COLUMNS = {
    contents: columns + COLUMNS_ON_REQUEST.get(contents, ())
    for contents, columns in FILE_COLUMNS.items()
}

# Columns that may identify people. Files without names have pseudonyms for the policyholder.
NAMING_COLUMNS = {
    column.name for columns in FILE_COLUMNS.values() for column in columns if column.is_personal
}

# The amounts with control totals; a name has the same meaning in every file.
TOTALLED_COLUMNS = {name for columns in _ALL_COLUMNS.values() for name in total_names(columns)}


def available_columns(contents: FileContents, has_names: bool) -> Columns:
    """Return the columns that a file can have: those of every file, then those on request."""
    return default_columns(contents, has_names) + COLUMNS_ON_REQUEST.get(contents, ())


def default_columns(contents: FileContents, has_names: bool) -> Columns:
    """Return the columns of a file: all of them, or with pseudonyms and without free text."""
    if has_names:
        return FILE_COLUMNS[contents]
    stand_in = replace(
        POLICYHOLDER,
        name=pseudonym_column(),
        meaning="a pseudonym of who holds the policy: of one name always the same while the book "
        "keeps its key, with which the column's name would change; empty when the name was erased",
        meaning_sv="pseudonym för försäkringstagaren: alltid detsamma för ett namn så länge boken "
        "har samma nyckel, annars heter kolumnen annorlunda; tom när namnet är raderat",
        hides=POLICYHOLDER.name,
    )
    columns = (stand_in if column == POLICYHOLDER else column for column in FILE_COLUMNS[contents])
    return tuple(column for column in columns if column.name not in NAMING_COLUMNS)
