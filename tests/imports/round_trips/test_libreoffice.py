"""Files that LibreOffice 7.4 opened and saved, imported into a book of the files they came from.

Made by `soffice --headless --convert-to`; the misread ones without saying that CSV is UTF-8.
"""

from collections.abc import Iterator

import pytest
from flask import Flask

from flaskr.extensions import db
from tests.exports.golden import default_first
from tests.imports.importing import FILES, load_files
from tests.imports.round_trips.books import dry_run, is_unchanged

FOLDER = FILES / "round_trips"
AS_123 = "“123”: The book has 00123, and programs make the number 123 of it."
AS_1252 = "A program read UTF-8 as Windows-1252, and made this of “{}”."
NAMED = {
    "claims_libreoffice_from_csv.csv": (AS_123,),
    "claims_libreoffice_from_csv.xlsx": (AS_123, "A spreadsheet keeps 15 digits of a number."),
    "claims_libreoffice_from_csv_misread.xlsx": (AS_1252.format("Å-Ä-Ö 1"),),
    "claims_libreoffice_from_xlsx.csv": ("If the file comes from Windows, choose Windows-1252",),
    "policies_libreoffice_from_csv.csv": (AS_123,),
    "policies_libreoffice_from_csv.xlsx": (AS_123,),
    "policies_libreoffice_from_csv_misread.xlsx": (AS_1252.format('Åsa "Ö" Ängström, AB'),),
    "policies_libreoffice_from_xlsx.csv": ("If the file comes from Windows, choose Windows-1252",),
}


@pytest.fixture(scope="module")
def book_app(new_app) -> Iterator[Flask]:
    """A book of the workbooks that were exported, to read only."""
    with new_app("sqlite") as app:
        with app.app_context():
            for name in ("policies.xlsx", "claims.xlsx"):
                load_files(FOLDER / name)
            db.session.remove()
        yield app


@pytest.mark.parametrize(
    "name",
    default_first(
        sorted(path.name for path in FOLDER.glob("*.*")),
        "claims_libreoffice_from_csv.xlsx",
        "claims_libreoffice_from_csv_misread.xlsx",
        "claims_libreoffice_from_xlsx.xlsx",
    ),
)
def test_nothing_changes_or_each_difference_is_named(book_app, name):
    said = dry_run(book_app, FOLDER / name)

    if name in NAMED:
        assert all(sentence in said for sentence in NAMED[name]), said
        assert "Error: Nothing was imported." in said
        assert "created" not in said or "0 created, 0 changed" in said
    else:
        assert is_unchanged(said), said


@pytest.mark.parametrize("contents", default_first(["claims", "policies"], "claims"))
def test_csv_that_was_saved_in_windows_1252_is_read_as_such(book_app, contents):
    path = FOLDER / f"{contents}_libreoffice_from_xlsx.csv"

    assert is_unchanged(dry_run(book_app, path, "--encoding", "cp1252"))
