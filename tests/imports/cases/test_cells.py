"""Cells that have no value, or another than they seem to have, through each door."""

import io

import pandas as pd
import pytest

from flaskr.claims.models import Claim
from flaskr.extensions import db
from tests.files.readers.bombs import workbook
from tests.imports.cases.doors import PageDoor, case

NOT_YET = "not calculated yet. Open the workbook in Excel and save it"
TITLES = ("claim_reference", "loss_date", "paid", "outstanding")


def sheet(*cells: str, is_saved: bool) -> bytes:
    """A workbook with a row of cells after the reference and the loss date."""
    first = '<c t="inlineStr"><is><t>C1</t></is></c><c t="inlineStr"><is><t>2024-01-05</t></is></c>'
    row = f'<row r="2">{first}{"".join(cells)}</row>'
    return workbook(row, titles=TITLES, is_saved=is_saved)


def test_a_formula_that_was_never_calculated_is_refused(door):
    said = door.bring(case(1))

    assert NOT_YET in said
    assert door.claims == {}


@pytest.mark.parametrize(
    ("cell", "is_saved"),
    [
        ("<c><f>1+1</f><v>2</v></c>", False),
        ('<c t="str"><f>"1"</f><v></v></c>', False),
        ("<c><f>1+1</f></c>", True),
        ("<c><f>1+1</f><v></v></c>", True),
    ],
)
def test_a_formula_whose_value_is_missing_empty_or_a_placeholder_is_refused(
    door, write, cell, is_saved
):
    said = door.bring(write("f.xlsx", sheet(cell, "<c><v>5</v></c>", is_saved=is_saved)))

    assert NOT_YET in said
    assert door.claims == {}


def test_a_formula_that_a_spreadsheet_calculated_is_its_value(door, write):
    cells = ("<c><f>100+0.5</f><v>100.5</v></c>", '<c t="str"><f>"5"</f><v>5</v></c>')

    door.bring(write("f.xlsx", sheet(*cells, is_saved=True)))

    assert door.claims == {"C1": ("100.50", "5.00")}


def test_what_arithmetic_leaves_behind_the_fifteenth_digit_is_left_out(door):
    door.bring(case(7), "--good-rows")

    assert door.claims == {"FN1": ("300.30", "435.00")}


@pytest.mark.parametrize("form", ["parquet", "feather", "xlsx", "json"])
def test_floats_with_noise_are_amounts_in_every_form_of_pandas(door, write, form):
    frame = pd.DataFrame(
        {
            "claim_reference": ["C1", "C2"],
            "loss_date": ["2024-01-05"] * 2,
            "paid": [0.1 + 0.2, 100 / 3],
            "outstanding": [4.35 * 100, 999_999_999_999.99],
        }
    )
    file = io.BytesIO()
    if form == "json":
        frame.to_json(file, orient="records", double_precision=15)
    elif form == "xlsx":
        frame.to_excel(file, index=False)
    else:
        getattr(frame, f"to_{form}")(file)

    door.bring(write(f"floats.{form}", file.getvalue()), "--good-rows")

    assert door.claims == {"C1": ("0.30", "435.00")}


def test_a_text_that_ends_with_a_phonetic_run_keeps_its_text(door):
    door.bring(case(26))

    with door.app.app_context():
        (claim,) = db.session.scalars(db.select(Claim))
        assert (claim.claim_reference, claim.description) == ("PH-1", "Rear-end collision")


def test_utf_8_that_is_called_windows_1252_is_refused(case_app, tmp_path):
    door = PageDoor(case_app, tmp_path)

    said = door.bring(case(22), "--encoding", "cp1252")

    assert "The file is UTF-8, not Windows-1252" in said
    assert door.claims == {}


@pytest.mark.parametrize("form", ["list", "pretty", "lines", "arrow"])
def test_lists_and_arrow_files_come_in_beside_lines(door, write, form):
    frame = pd.DataFrame({"claim_reference": ["C1", "C2"], "paid": ["1.50", "2.50"]})
    file = io.BytesIO()
    if form == "arrow":
        frame.to_feather(file)
    else:
        indent = 2 if form == "pretty" else None
        frame.to_json(file, orient="records", lines=form == "lines", indent=indent)

    door.bring(write("claims.json", file.getvalue()))

    assert door.claims == {"C1": ("1.50", "0.00"), "C2": ("2.50", "0.00")}


def test_an_apostrophe_before_a_sign_is_taken_off(door, write):
    door.bring(write("a.csv", "claim_reference,description,claim_cost\nC1,'=x,1.00\n"))

    assert set(door.claims) == {"C1"}
