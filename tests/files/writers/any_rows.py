"""Generated rows of everything that the book accepts, for the round trips of every format."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
from hypothesis import settings
from hypothesis import strategies as st

from flaskr.errors import TextError
from flaskr.exports.making.file import DigestingFile
from flaskr.facts.columns import Column, Columns
from flaskr.facts.kinds import Kind
from flaskr.files.writers.frames import schema_of
from flaskr.values.text import clean_text

LARGEST = 10**18 - 1
COLUMNS = (
    Column("reference", Kind.TEXT, "the reference", "numret"),
    Column("word", Kind.CHOICE, "one of a few", "ett av några"),
    Column("day", Kind.DAY, "the day", "dagen", unit="day"),
    Column("amount", Kind.AMOUNT, "the amount", "beloppet", unit="SEK"),
    Column("description", Kind.TEXT, "what was said", ""),
)
SCHEMA = schema_of(COLUMNS)
OTHER_COLUMNS = (
    Column("at", Kind.INSTANT, "when", "när", unit="UTC"),
    Column("number", Kind.NUMBER, "how many", "hur många"),
    Column("again", Kind.INSTANT, "when again", "när igen", unit="UTC"),
    Column("last", Kind.NUMBER, "the last", "det sista"),
)
Row = tuple[str | None, str | None, date | None, Decimal | None, str | None]

ODD_CHARACTERS = "=+-@\t'\"\\;,&<>/r_x0041\x01\x0b\x1f\x7f\x85\u2028\ufeff\ufffe\uffff\n Å😀"
ODD_TEXTS = (
    "<r><t>x</t></r>", "<r>&</r>", "_x0041_x0042_", "_x0041\x01", "_x005F_x0041_", "_X0041_",
    "]]>", "&amp;", "00123", "1e3", "1,5", "NA", "null", "-", "=1+1", "\\u0041", "a\nb", "\tb",
)  # fmt: skip
LONG_TEXTS = ("Å" * 32_000, "&" * 32_000, '"\x01' * 16_000, "😀" * 16_000, "_x0041_" * 4_571)


def accepted(text: str) -> str | None:
    """The text as the book stores it; None if it refuses it."""
    try:
        return clean_text(text)
    except TextError:
        return None


texts = st.none() | (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.text(ODD_CHARACTERS, max_size=12)
    | st.sampled_from(ODD_TEXTS)
).map(accepted)
days = st.none() | st.dates() | st.dates(date(1899, 12, 25), date(1900, 3, 10))
ore = st.integers(-LARGEST, LARGEST) | st.integers(-(10**15) - 9, 10**15 + 9)
ore |= st.integers(0, 17).flatmap(lambda n: st.integers(-(10**n), 10**n))
amounts = st.none() | ore.map(lambda n: Decimal((n < 0, tuple(map(int, str(abs(n)))), -2)))
words = st.none() | st.sampled_from(["open", "closed", "not_in_force"])
rows = st.lists(st.tuples(texts, words, days, amounts, texts), max_size=30)
instants = (
    st.none()
    | st.datetimes(timezones=st.just(UTC))
    | st.sampled_from(
        [
            datetime.min.replace(tzinfo=UTC),
            datetime.max.replace(tzinfo=UTC),
            datetime(1970, 1, 1, tzinfo=UTC),
        ]
    )
)
numbers = st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-(10**15) - 9, 10**15 + 9)
other_rows = st.lists(st.tuples(instants, numbers, instants, st.integers(0, 9)), max_size=20)
# making a file takes longer than generating its rows
few = settings(max_examples=3 * settings().max_examples // 10)


def frame_of(generated: list[Any], of: Columns = COLUMNS) -> pd.DataFrame:
    schema = schema_of(of)
    arrays = [
        pa.array([row[place] for row in generated], field.type)
        for place, field in enumerate(schema)
    ]
    return pa.Table.from_arrays(arrays, schema=schema).to_pandas(types_mapper=pd.ArrowDtype)


def rows_of(table: pa.Table) -> list[Row]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def written(writer_class, frames: list[pd.DataFrame], *options) -> bytes:
    """The content of a file, written without seeking as in the isolated process."""
    file = io.BytesIO()
    writer = writer_class(DigestingFile(file), COLUMNS, *options)
    for frame in frames:
        writer.write(frame)
    writer.close()
    return file.getvalue()
