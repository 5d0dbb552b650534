"""The files of a book of many kinds of texts, opened and saved in other programs."""

import pytest

from flaskr.facts.closed_lists import Contents
from tests.exports.golden import default_first
from tests.imports.round_trips.books import is_unchanged
from tests.imports.round_trips.tools import TOOLS

FILES = (Contents.CLAIMS, Contents.POLICIES)
NOT_YET = "The formula is not calculated yet"
NO_DAY = "Write the date as 2024-12-31."
NAMED = {
    ("pandas excel", Contents.CLAIMS): (NOT_YET,),
    ("pandas excel", Contents.POLICIES): (NOT_YET,),
    ("pandas excel with index", Contents.CLAIMS): (NOT_YET,),
    ("pandas excel with index", Contents.POLICIES): (NOT_YET,),
    ("pandas excel to json", Contents.CLAIMS): (NO_DAY,),
    ("pandas excel to json", Contents.POLICIES): (NO_DAY,),
    ("pandas json by columns", Contents.CLAIMS): ("orient=“records”",),
    ("pandas json by columns", Contents.POLICIES): ("orient=“records”",),
}


@pytest.mark.parametrize("contents", FILES)
@pytest.mark.parametrize("tool", default_first(TOOLS, "pandas excel", "polars swedish csv"))
def test_nothing_changes_or_each_difference_is_named(texts_app, sent_through, tool, contents):
    said = sent_through(texts_app, tool, contents)

    if (tool, contents) in NAMED:
        assert all(sentence in said for sentence in NAMED[tool, contents])
        assert "Error: Nothing was imported." in said
        assert "0 created, 0 changed" in said or "created" not in said
    else:
        assert is_unchanged(said), said


def test_an_apostrophe_that_a_program_kept_is_said_to_be_taken_off(texts_app, sent_through):
    said = sent_through(texts_app, "duckdb csv to parquet", Contents.CLAIMS)

    assert "In 6 cells an apostrophe before a sign such as = or - was taken off" in said
    assert is_unchanged(said)
