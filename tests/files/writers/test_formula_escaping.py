import csv
import io

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskr.facts.columns import Column
from flaskr.facts.kinds import Kind
from flaskr.files.writers.csv import CsvWriter, escape_formulas

RISKY = "=+-@\t\r\n\0'"
TEXTS = st.lists(
    st.none()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.text(RISKY + 'a,"\r\n', max_size=6),
    max_size=30,
)
COLUMNS = (Column("text", Kind.TEXT, "", ""), Column("amount", Kind.AMOUNT, "", ""))


def without_apostrophe(text: str) -> str:
    """Remove exactly one apostrophe, as an import does."""
    return text[1:] if text.startswith("'") else text


def written(texts: list[str | None], is_raw: bool = False) -> bytes:
    file = io.BytesIO()
    writer = CsvWriter(file, COLUMNS, is_raw)
    money = pa.array(["-5.00"] * len(texts)).cast(pa.decimal128(18, 2))
    table = pa.table({"text": pa.array(texts, pa.string()), "amount": money})
    writer.write(table.to_pandas(types_mapper=pd.ArrowDtype))
    writer.close()
    return file.getvalue()


def read_back(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode(), newline="")))[1:]


@given(TEXTS, st.integers(0, 5))
def test_no_escaped_text_begins_like_a_formula_and_each_comes_back(texts, skipped):
    safe = escape_formulas(pa.array(texts, pa.string()).slice(min(skipped, len(texts)))).to_pylist()

    for before, after in zip(texts[skipped:], safe, strict=True):
        if before is None:
            assert after is None
            continue
        assert after[:1] not in set(RISKY[:-1])
        assert without_apostrophe(after) == before


@given(TEXTS)
def test_every_text_comes_back_whatever_line_ends_it_has(texts):
    rows = read_back(written(texts))

    assert [without_apostrophe(text) for text, _ in rows] == [text or "" for text in texts]


@given(TEXTS)
def test_a_raw_file_has_each_text_as_it_is(texts):
    assert [text for text, _ in read_back(written(texts, is_raw=True))] == [t or "" for t in texts]


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1", "@a", "\ta", "'", "\r"])
def test_numbers_are_never_escaped_and_texts_like_formulas_always_are(text):
    ((safe, amount),) = read_back(written([text]))

    assert safe == f"'{text}"
    assert amount == "-5.00"


def test_a_missing_text_and_an_empty_one_differ():
    assert written([None, ""]).split(b"\n")[1:3] == [b",-5.00", b'"",-5.00']
