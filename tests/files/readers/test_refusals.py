"""Refusals as they arrive from the isolated process."""

import pytest

from flaskr.files.readers.dispatch import open_table
from flaskr.files.readers.options import (
    EncodingNotChosen,
    ReadingOptions,
    SheetNotChosen,
    Unreadable,
)
from flaskr.isolation import Limits, run_isolated
from tests.files.readers.reads import LIMITS
from tests.files.readers.test_sheets import made


def read_header(report, path):
    with open_table(path, ReadingOptions(), LIMITS) as table:
        return [sum(len(batch.rows) for batch in table.batches()), *table.titles]


def read_apart(path):
    work = "tests.files.readers.test_refusals:read_header"
    limits = Limits(seconds=20, memory_bytes=512 * 1024**2)
    return run_isolated(work, path, limits=limits)


def test_a_refusal_keeps_its_kind_its_sentence_and_its_sheets(path):
    path.write_bytes(made(["a"], sheets=("One", "Two")))
    with pytest.raises(SheetNotChosen, match="has several sheets") as several:
        read_apart(path)
    path.write_bytes("å,b\n1,2\n".encode("cp1252"))
    with pytest.raises(EncodingNotChosen, match="choose Windows-1252") as other:
        read_apart(path)
    path.write_bytes(b"")
    with pytest.raises(Unreadable, match="The file is empty"):
        read_apart(path)

    assert several.value.sheets == ("One", "Two")
    assert (several.value.status, other.value.status) == (422, 422)


def test_what_can_be_read_is(path):
    path.write_bytes(b"a,b\n1,2\n")

    assert read_apart(path) == [1, "a", "b"]
