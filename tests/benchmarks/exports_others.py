"""The other sides of the export benchmark: each writes the same columns and decimals to a file.

Run as a script it does one of them in a separate process and prints the seconds, without those
of starting Python and importing.
"""

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

AMOUNTS = ("paid", "outstanding", "claim_cost", "recovered")
SELECT = """SELECT c.claim_reference, p.policy_number, p.line_of_business, c.cause, c.status,
CASE WHEN c.policy_id IS NULL OR c.loss_date IS NULL THEN 'unverified'
WHEN p.inception_date <= c.loss_date AND c.loss_date < p.expiry_date
AND (p.cancelled_on IS NULL OR c.loss_date < p.cancelled_on) THEN 'in_force'
ELSE 'not_in_force' END AS coverage,
{loss_date} AS loss_date, {reported_date} AS reported_date, {closed_date} AS closed_date,
{paid} AS paid, {outstanding} AS outstanding, {claim_cost} AS claim_cost, {recovered} AS recovered,
'SEK' AS currency, c.description
FROM {source}claims c LEFT JOIN {source}policies p ON p.id = c.policy_id ORDER BY c.id DESC"""


def select(money: str, day: str = "{}", source: str = "") -> str:
    """The select of an export, with what the dialect makes of öre and of days."""
    days = ("loss_date", "reported_date", "closed_date")
    ore = {name: f"c.{name}" for name in AMOUNTS} | {"claim_cost": "(c.paid + c.outstanding)"}
    return SELECT.format(
        source=source,
        **{name: day.format(f"c.{name}") for name in days},
        **{name: money.format(column) for name, column in ore.items()},
    ).replace("\n", " ")


SQLITE = select("printf('%d.%02d', {0} / 100, {0} % 100)")
POSTGRESQL = select("({} * 0.01)::numeric(18, 2)")
DUCKDB = select("({} * 0.01)::DECIMAL(18, 2)", "{}::DATE", source="book.")


@contextmanager
def duckdb_book(book: str) -> Iterator[Any]:
    """DuckDB, which reads the same database by its scanner extension."""
    import duckdb

    kind = "postgres" if book.startswith("postgresql") else "sqlite"
    package = importlib.util.find_spec(f"duckdb_extension_{kind}_scanner")
    if package is None:
        raise SystemExit(3)
    (extension,) = Path(package.submodule_search_locations[0]).rglob("*.duckdb_extension")
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{extension}'")
        connection.execute(f"ATTACH '{book}' AS book (TYPE {kind}, READ_ONLY)")
        yield connection


def duckdb_parquet(book: str, target: str) -> None:
    with duckdb_book(book) as connection:
        connection.execute(f"COPY ({DUCKDB}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


def duckdb_arrow(book: str, target: str) -> None:
    import pyarrow.ipc

    with duckdb_book(book) as connection:
        reader = connection.execute(DUCKDB).to_arrow_reader(65_536)
        with pyarrow.ipc.new_stream(target, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)


def pandas_frame(book: str):
    import pandas as pd
    import sqlalchemy as sa

    is_server = book.startswith("postgresql")
    url = book.replace("postgresql:", "postgresql+psycopg:") if is_server else f"sqlite:///{book}"
    query = sa.text(POSTGRESQL if is_server else SQLITE)
    with sa.create_engine(url).connect() as connection:
        days = ["loss_date", "reported_date", "closed_date"]
        return pd.read_sql(query, connection, coerce_float=False, parse_dates=days)


def pandas_csv(book: str, target: str) -> None:
    pandas_frame(book).to_csv(target, index=False)


def pandas_parquet(book: str, target: str) -> None:
    frame = pandas_frame(book)
    for name in AMOUNTS:
        frame[name] = frame[name].map(Decimal)
    frame.to_parquet(target, index=False, compression="zstd")


OTHERS: dict[str, tuple[Callable[[str, str], None], tuple[str, ...]]] = {
    "duckdb_parquet": (duckdb_parquet, ("duckdb",)),
    "duckdb_arrow": (duckdb_arrow, ("duckdb", "pyarrow.ipc")),
    "pandas_csv": (pandas_csv, ("pandas", "sqlalchemy")),
    "pandas_parquet": (pandas_parquet, ("pandas", "sqlalchemy", "pyarrow.parquet")),
}

if __name__ == "__main__":
    work, modules = OTHERS[sys.argv[1]]
    for module in modules:
        importlib.import_module(module)
    start = time.perf_counter()
    work(*sys.argv[2:4])
    print(time.perf_counter() - start)
