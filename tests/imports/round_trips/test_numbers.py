"""The files of a book of digits, opened and saved in programs that take digits for numbers."""

import pytest

from flaskr.facts.closed_lists import Contents
from tests.exports.golden import default_first
from tests.imports.round_trips.books import is_unchanged
from tests.imports.round_trips.tools import TOOLS

KEEPING = {name for name, tool in TOOLS.items() if tool.opens in ("parquet", "arrows")} | {
    "openpyxl",
    "polars json lines",
    "duckdb json lines",
}
NAMED_AS_A_WHOLE = {"pandas json by columns"}
FILES = (Contents.CLAIMS, Contents.POLICIES)


@pytest.mark.parametrize("contents", FILES)
@pytest.mark.parametrize("tool", default_first(sorted(TOOLS), "polars csv"))
def test_a_number_that_a_program_made_is_never_a_new_row_or_another_value(
    numbers_app, sent_through, tool, contents
):
    said = sent_through(numbers_app, tool, contents)

    if tool in KEEPING or is_unchanged(said):
        assert is_unchanged(said), said
    elif tool not in NAMED_AS_A_WHOLE:
        assert "0 created" in said, said
        assert "0 changed" in said, said
        assert "number" in said or "Write the date as" in said
        assert "Error: Nothing was imported." in said
