"""The data dictionary: every column of every file, with names or with pseudonyms."""

from dataclasses import replace

from flaskr.facts.claims import CLAIM_COLUMNS
from flaskr.facts.columns import Columns, total_names
from flaskr.facts.ledger import LEDGER_COLUMNS
from flaskr.facts.lists import Contents, FileContents, TrailContents
from flaskr.facts.policies import POLICY_COLUMNS, POLICYHOLDER
from flaskr.facts.trail import TRAIL_COLUMNS
from flaskr.values.pseudonyms import pseudonym_column

COLUMNS: dict[FileContents, Columns] = {
    Contents.CLAIMS: CLAIM_COLUMNS,
    Contents.LEDGER: LEDGER_COLUMNS,
    Contents.POLICIES: POLICY_COLUMNS,
    TrailContents.TRAIL: TRAIL_COLUMNS,
}

# What may say who somebody is; without names, files have the pseudonyms of the one.
NAMING = {column.name for columns in COLUMNS.values() for column in columns if column.is_personal}

# The amounts whose sums prove a file; a name means the same in each.
ADDED_UP = {name for columns in COLUMNS.values() for name in total_names(columns)}


def given_columns(contents: FileContents, has_names: bool) -> Columns:
    """Return all columns of a file with names, or with pseudonyms and without free text."""
    if has_names:
        return COLUMNS[contents]
    stand_in = replace(
        POLICYHOLDER,
        name=pseudonym_column(),
        meaning="a pseudonym of who holds the policy: of one name always the same while the book "
        "keeps its key, with which the column's name would change; empty when the name was erased",
        meaning_sv="pseudonym för försäkringstagaren: alltid detsamma för ett namn så länge boken "
        "har samma nyckel, annars heter kolumnen annorlunda; tom när namnet är raderat",
        hides=POLICYHOLDER.name,
    )
    shown = (stand_in if column == POLICYHOLDER else column for column in COLUMNS[contents])
    return tuple(column for column in shown if column.name not in NAMING)
