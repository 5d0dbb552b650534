"""Read files of every format with every suitable reader, as Python values by column."""

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.json
import pyarrow.parquet

from flaskr.facts.columns import Columns
from flaskr.facts.kinds import Kind
from tests.optional import optional, require

EXCEL_SV = "csv&dialect=excel-sv"
FORMS = ("csv", EXCEL_SV, "xlsx", "parquet", "arrow", "jsonl")
Read = dict[str, list[Any]]
TEXTS = (Kind.REFERENCE, Kind.TEXT, Kind.CHOICE)
DUCKDB_TYPES = {Kind.DAY: "DATE", Kind.AMOUNT: "DECIMAL(18,2)", Kind.NUMBER: "BIGINT"}


def delimiter(form: str) -> str:
    return ";" if form == EXCEL_SV else ","


def csv_by_pandas(form: str, path: Path, columns: Columns) -> Read:
    options: dict[str, Any] = {"sep": delimiter(form), "encoding": "utf-8-sig"}
    return dict(pd.read_csv(path, dtype=str, keep_default_na=False, **options))


def csv_by_pyarrow(form: str, path: Path, columns: Columns) -> Read:
    """A quoted cell may be empty; an empty cell without quotes is missing."""
    table = pyarrow.csv.read_csv(
        path,
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter(form), newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={column.name: pa.string() for column in columns},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return table.to_pydict()


def duckdb_columns(columns: Columns) -> str:
    types = {c.name: DUCKDB_TYPES.get(c.kind, "VARCHAR") for c in columns}
    return f"columns={types}"


def by_duckdb(source: str, **registered: Any) -> Read:
    with duckdb.connect() as connection:
        for name, value in registered.items():
            connection.register(name, value)
        return connection.execute(f"FROM {source}").to_arrow_table().to_pydict()


def csv_by_duckdb(form: str, path: Path, columns: Columns) -> Read:
    comma = ", decimal_separator=','" if form == EXCEL_SV else ""
    how = f"delim='{delimiter(form)}', header=true, quote='\"', escape='\"'{comma}"
    return by_duckdb(f"read_csv('{path}', {how}, {duckdb_columns(columns)})")


def cells_of(form: str, path: Path, columns: Columns) -> Read:
    """The text that Excel shows: openpyxl does not decode _xHHHH_."""
    unescape = optional("openpyxl.utils.escape").unescape
    book = optional("openpyxl").load_workbook(io.BytesIO(path.read_bytes()))
    header, *rows = book.active.iter_rows(values_only=True)
    places = zip(*rows, strict=True) if rows else ([] for _ in header)
    kinds = {column.name: column.kind for column in columns}
    return {
        name: [unescape(v) if kinds[name] in TEXTS and v else v for v in values]
        for name, values in zip(header, places, strict=True)
    }


def sheet_by_pandas(form: str, path: Path, columns: Columns) -> Read:
    require("openpyxl")
    frame = pd.read_excel(path, engine="openpyxl", dtype=object, keep_default_na=False)
    return dict(frame)


def parquet_by_pandas(form: str, path: Path, columns: Columns) -> Read:
    return dict(pd.read_parquet(path, dtype_backend="pyarrow"))


def parquet_by_pyarrow(form: str, path: Path, columns: Columns) -> Read:
    return pyarrow.parquet.read_table(path).to_pydict()


def stream(path: Path) -> pa.Table:
    return pyarrow.ipc.open_stream(path.read_bytes()).read_all()


def json_by_pandas(form: str, path: Path, columns: Columns) -> Read:
    return dict(pd.read_json(path, lines=True, dtype=False))


def json_by_pyarrow(form: str, path: Path, columns: Columns) -> Read:
    fields = [(c.name, pa.int64() if c.kind is Kind.NUMBER else pa.string()) for c in columns]
    options = pyarrow.json.ParseOptions(explicit_schema=pa.schema(fields))
    return pyarrow.json.read_json(path, parse_options=options).to_pydict()


def json_by_python(form: str, path: Path, columns: Columns) -> Read:
    objects = [json.loads(line) for line in io.StringIO(path.read_text("utf-8"), newline="\n")]
    return {column.name: [found[column.name] for found in objects] for column in columns}


Reader = Callable[[str, Path, Columns], Read]
READERS: dict[tuple[str, str], Reader] = {
    **{(form, "pandas"): csv_by_pandas for form in ("csv", EXCEL_SV)},
    **{(form, "pyarrow"): csv_by_pyarrow for form in ("csv", EXCEL_SV)},
    **{(form, "duckdb"): csv_by_duckdb for form in ("csv", EXCEL_SV)},
    ("xlsx", "openpyxl"): cells_of,
    ("xlsx", "pandas"): sheet_by_pandas,
    ("parquet", "pandas"): parquet_by_pandas,
    ("parquet", "pyarrow"): parquet_by_pyarrow,
    ("parquet", "duckdb"): lambda form, path, columns: by_duckdb(f"'{path}'"),
    ("arrow", "pandas"): lambda form, path, columns: dict(stream(path).to_pandas()),
    ("arrow", "pyarrow"): lambda form, path, columns: stream(path).to_pydict(),
    ("arrow", "duckdb"): lambda form, path, columns: by_duckdb("found", found=stream(path)),
    ("jsonl", "pandas"): json_by_pandas,
    ("jsonl", "pyarrow"): json_by_pyarrow,
    ("jsonl", "python"): json_by_python,
    ("jsonl", "duckdb"): lambda form, path, columns: by_duckdb(
        f"read_json('{path}', {duckdb_columns(columns)})"
    ),
}
# The readers that distinguish empty texts from missing ones, and change nothing else.
EXACT = {
    "csv": "pyarrow",
    EXCEL_SV: "pyarrow",
    "xlsx": "openpyxl",
    "parquet": "pyarrow",
    "arrow": "pyarrow",
    "jsonl": "python",
}


def plain(kind: Kind, value: Any) -> Any:
    """The value that a reader returned, as the book has it; floats by their shortest digits."""
    if value is None or value is pd.NA or value != value:
        return None
    if kind in TEXTS:
        return value
    if value == "":
        return None
    if kind is Kind.AMOUNT:
        text = value.replace(",", ".") if isinstance(value, str) else repr(value)
        return value if isinstance(value, Decimal) else Decimal(text).quantize(Decimal("0.01"))
    if kind is Kind.NUMBER:
        return int(value)
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if kind is Kind.INSTANT:
        return moment.astimezone(UTC)
    return moment.date() if isinstance(moment, datetime) else date.fromisoformat(str(moment))


def read(body: bytes, form: str, reader: str, columns: Columns, folder: Path) -> Read:
    """The columns of a file by name, in order, as a reader reads them."""
    path = folder / f"file.{form.partition('&')[0]}"
    path.write_bytes(body)
    found = READERS[form, reader](form, path, columns)
    assert list(found) == [column.name for column in columns]
    return {c.name: list(map(partial(plain, c.kind), found[c.name])) for c in columns}
