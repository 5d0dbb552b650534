"""The refusals of a dry run: the faults of cells and rows by column, value and reason."""

# ruff: noqa: S608 - statements are built from names that the code declares

from collections.abc import Sequence

from flaskr.imports.dry_run.reading.used_columns import FileColumns
from flaskr.imports.dry_run.result import LISTED_REFUSALS, LISTED_ROWS, Refusal
from flaskr.imports.dry_run.staging import Staging
from flaskr.imports.tasks import FileToRead
from flaskr.values.identity_numbers import without_identity_numbers

_REFUSALS = f"""SELECT file, field, value, text, count(*) AS rows,
    list(row ORDER BY row)[:{LISTED_ROWS}] AS first
FROM faults GROUP BY file, field, value, text"""


def first_refusals(
    staging: Staging, files: Sequence[FileToRead], columns: Sequence[FileColumns]
) -> tuple[tuple[Refusal, ...], int]:
    """Return the first refusals, in the order of the files and their rows, and how many there are.

    `files` and `columns` are those of the dry run, by position.
    """
    first = staging.run(
        f"{_REFUSALS} ORDER BY file, min(row), field, text LIMIT {LISTED_REFUSALS}"
    ).fetchall()
    refusals = tuple(
        Refusal(
            files[at].name,
            count,
            tuple(rows),
            columns[at].titles.get(field, field) if field else "",
            without_identity_numbers(value or ""),
            without_identity_numbers(text),
            field or "",
        )
        for at, field, value, text, count, rows in first
    )
    return refusals, staging.one(f"SELECT count(*) FROM ({_REFUSALS})")
