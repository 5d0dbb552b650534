"""What people do with a file in other programs: open it and save it, with the defaults of each."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa

from tests.optional import optional

ROWS = {"orient": "records"}
LINES = {"orient": "records", "lines": True}


class Tool(NamedTuple):
    """A way through a program: the form it opens, the ending it saves, and how it is done."""

    opens: str
    saves: str
    run: Callable[[Path, Path], object]


def pandas(read: Callable, write: str, **options) -> Callable:
    return lambda given, made: getattr(read(given), f"to_{write}")(made, **options)


def from_stream(given: Path) -> pd.DataFrame:
    with pa.ipc.open_stream(given) as stream:
        return stream.read_pandas()


def from_lines(given: Path) -> pd.DataFrame:
    return pd.read_json(given, lines=True)


def from_swedish(given: Path) -> pd.DataFrame:
    return pd.read_csv(given, sep=";", decimal=",")


def days_as_milliseconds(given: Path, made: Path) -> None:
    """The default of pandas 3, which warns that the next version writes days."""
    with warnings.catch_warnings(action="ignore"):
        pd.read_excel(given).to_json(made, **ROWS)


def polars(read: str, write: str, **options) -> Callable:
    def run(given: Path, made: Path) -> None:
        pl = optional("polars")
        getattr(getattr(pl, f"read_{read}")(given, **options), f"write_{write}")(made)

    return run


def swedish_polars(given: Path, made: Path) -> None:
    swedish = {"separator": ";", "decimal_comma": True}
    optional("polars").read_csv(given, **swedish).write_csv(made, **swedish)


def duck(read: str, how: str = "") -> Callable:
    def run(given: Path, made: Path) -> None:
        with duckdb.connect() as connection:
            connection.execute(f"COPY (FROM read_{read}('{given}')) TO '{made}' {how}")

    return run


def open_and_save(given: Path, made: Path) -> None:
    openpyxl.load_workbook(given).save(made)


TOOLS = {
    "pandas csv": Tool("csv", "csv", pandas(pd.read_csv, "csv", index=False)),
    "pandas csv with index": Tool("csv", "csv", pandas(pd.read_csv, "csv")),
    "pandas raw csv": Tool("raw.csv", "csv", pandas(pd.read_csv, "csv", index=False)),
    "pandas swedish csv": Tool(
        "sv.csv", "csv", pandas(from_swedish, "csv", sep=";", decimal=",", index=False)
    ),
    "pandas csv to excel": Tool("csv", "xlsx", pandas(pd.read_csv, "excel", index=False)),
    "pandas csv to parquet": Tool("csv", "parquet", pandas(pd.read_csv, "parquet")),
    "pandas csv to json": Tool("csv", "json", pandas(pd.read_csv, "json", **ROWS)),
    "pandas csv to json lines": Tool("csv", "jsonl", pandas(pd.read_csv, "json", **LINES)),
    "pandas excel": Tool("xlsx", "xlsx", pandas(pd.read_excel, "excel", index=False)),
    "pandas excel with index": Tool("xlsx", "xlsx", pandas(pd.read_excel, "excel")),
    "pandas excel to csv": Tool("xlsx", "csv", pandas(pd.read_excel, "csv")),
    "pandas excel to json": Tool("xlsx", "json", days_as_milliseconds),
    "pandas excel to iso json": Tool(
        "xlsx", "json", pandas(pd.read_excel, "json", date_format="iso", **ROWS)
    ),
    "pandas json": Tool("jsonl", "json", pandas(from_lines, "json", **ROWS)),
    "pandas json lines": Tool("jsonl", "jsonl", pandas(from_lines, "json", **LINES)),
    "pandas json by columns": Tool("jsonl", "json", pandas(from_lines, "json")),
    "pandas json to csv": Tool("jsonl", "csv", pandas(from_lines, "csv")),
    "pandas parquet": Tool("parquet", "parquet", pandas(pd.read_parquet, "parquet")),
    "pandas parquet to csv": Tool("parquet", "csv", pandas(pd.read_parquet, "csv")),
    "pandas stream to feather": Tool("arrows", "feather", pandas(from_stream, "feather")),
    "polars csv": Tool("csv", "csv", polars("csv", "csv")),
    "polars csv with days": Tool("csv", "csv", polars("csv", "csv", try_parse_dates=True)),
    "polars csv to parquet": Tool("csv", "parquet", polars("csv", "parquet")),
    "polars swedish csv": Tool("sv.csv", "csv", swedish_polars),
    "polars parquet": Tool("parquet", "parquet", polars("parquet", "parquet")),
    "polars parquet to csv": Tool("parquet", "csv", polars("parquet", "csv")),
    "polars parquet to json": Tool("parquet", "json", polars("parquet", "json")),
    "polars parquet to arrow": Tool("parquet", "arrow", polars("parquet", "ipc")),
    "polars json lines": Tool("jsonl", "jsonl", polars("ndjson", "ndjson")),
    "polars stream": Tool("arrows", "arrows", polars("ipc_stream", "ipc_stream")),
    "duckdb csv": Tool("csv", "csv", duck("csv")),
    "duckdb csv to parquet": Tool("csv", "parquet", duck("csv", "(FORMAT parquet)")),
    "duckdb csv to json": Tool("csv", "json", duck("csv", "(FORMAT json)")),
    "duckdb swedish csv": Tool("sv.csv", "csv", duck("csv")),
    "duckdb parquet": Tool("parquet", "parquet", duck("parquet", "(FORMAT parquet)")),
    "duckdb parquet to csv": Tool("parquet", "csv", duck("parquet")),
    "duckdb parquet to json list": Tool(
        "parquet", "json", duck("parquet", "(FORMAT json, ARRAY true)")
    ),
    "duckdb json lines": Tool("jsonl", "jsonl", duck("json", "(FORMAT json)")),
    "openpyxl": Tool("xlsx", "xlsx", open_and_save),
}
