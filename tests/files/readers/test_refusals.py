"""Refusals raised in the isolated process."""

import pytest

from flaskr.files.readers.dispatch import open_table
from flaskr.files.readers.options import (
    EncodingNotChosen,
    ReadingOptions,
    SheetNotChosen,
    Unreadable,
)
from flaskr.processes.isolation import Limits, run_isolated
from tests.files.readers.reads import LIMITS
from tests.files.readers.test_xlsx import workbook_of


def read_header(report, path):
    with open_table(path, ReadingOptions(), LIMITS) as table:
        return [sum(len(batch.rows) for batch in table.batches()), *table.titles]


def read_isolated(path):
    work = "tests.files.readers.test_refusals:read_header"
    limits = Limits(seconds=20, memory_bytes=512 * 1024**2)
    return run_isolated(work, path, limits=limits)


def test_a_refusal_in_the_isolated_process_keeps_its_class_sentence_and_sheets(path):
    path.write_bytes(workbook_of(["a"], sheets=("One", "Two")))
    with pytest.raises(SheetNotChosen, match="has several sheets") as several:
        read_isolated(path)
    path.write_bytes("å,b\n1,2\n".encode("cp1252"))
    with pytest.raises(EncodingNotChosen, match="choose Windows-1252") as other:
        read_isolated(path)
    path.write_bytes(b"")
    with pytest.raises(Unreadable, match="The file is empty"):
        read_isolated(path)

    assert several.value.sheets == ("One", "Two")
    assert (several.value.status, other.value.status) == (422, 422)


def test_a_readable_file_is_read_in_the_isolated_process(path):
    path.write_bytes(b"a,b\n1,2\n")

    assert read_isolated(path) == [1, "a", "b"]
