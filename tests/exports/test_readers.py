"""The documented examples for data tools: each program reads the address itself."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.documentation import example_with
from tests.exports.serving import served
from tests.factories import make_claim, reserve
from tests.optional import optional, require


@pytest.fixture
def over_http() -> duckdb.DuckDBPyConnection:
    """A connection that reads addresses, as DuckDB does with its httpfs extension."""
    folder = Path(optional("duckdb_extension_httpfs").__file__).parent
    connection = duckdb.connect()
    connection.load_extension(str(next(folder.rglob("httpfs.duckdb_extension"))))
    return connection


@pytest.fixture
def address(app, small_book):
    with served(app) as address:
        yield address


@pytest.mark.parametrize(
    ("program", "found"), [("import pandas", 2), ("import polars", 3), ("import duckdb", 4)]
)
def test_the_examples_of_the_documentation_read_the_book(
    address, program, found, monkeypatch, request
):
    package = program.removeprefix("import ")
    require(package)
    if package == "duckdb":
        monkeypatch.setattr(duckdb, "sql", request.getfixturevalue("over_http").sql)
    names: dict = {}

    exec(example_with(program).replace("http://127.0.0.1:5000", address), names)  # noqa: S102

    claims = names["claims"]
    assert len(claims) == found
    assert list(claims.columns)[:2] == ["claim_reference", "policy_number"]


def test_pandas_reads_parquet_with_types_and_exact_amounts(address):
    frame = pd.read_parquet(f"{address}/export_claims?format=parquet")

    assert frame["paid"].sum() == Decimal("60.10")
    assert str(frame["loss_date"].dtype) == "date32[day][pyarrow]"


def test_pandas_reads_an_arrow_stream(address):
    from urllib.request import urlopen

    import pyarrow.ipc

    with urlopen(f"{address}/export_claims?format=arrow") as body:
        table = pyarrow.ipc.open_stream(body).read_all()

    assert table.num_rows == 4


@pytest.mark.parametrize("read", ["read_parquet", "scan_parquet"])
def test_polars_reads_parquet_by_parts(address, read):
    found = getattr(optional("polars"), read)(f"{address}/export_claims?format=parquet")
    frame = found.collect() if read == "scan_parquet" else found

    assert frame["paid"].sum() == Decimal("60.10")
    assert frame["claim_reference"].to_list() == ["D", "C", "B", "00123"]


def test_duckdb_reads_parquet_and_csv(address, over_http):
    typed = "read_csv('{}=csv', types={{paid: 'DECIMAL(18,2)'}})"
    for reading in ("read_parquet('{}=parquet')", typed):
        table = reading.format(f"{address}/export_claims?format")
        assert over_http.sql(f"SELECT count(*), sum(paid) FROM {table}").fetchall() == [
            (4, Decimal("60.10"))
        ]


def test_the_parts_of_one_reading_come_from_one_file_though_the_book_changes(client, session):
    def part(where: str, **headers: str):
        headers = {"Range": f"bytes={where}", "User-Agent": "a reader in parts", **headers}
        return client.get("/export_claims?format=parquet", headers=headers, buffered=True)

    reserve(make_claim(), "1.00")
    session.commit()
    end = part("-8")
    make_claim()
    session.commit()
    middle = part("4-99")
    other = part("4-99", **{"User-Agent": "another reader"})
    resumed = part("4-99", **{"User-Agent": "a third", "If-Range": end.headers["ETag"]})
    anew = part("-8")

    assert [r.status_code for r in (end, middle, other, resumed, anew)] == [206] * 5
    assert middle.headers["ETag"] == resumed.headers["ETag"] == end.headers["ETag"]
    assert middle.data == resumed.data
    assert other.headers["ETag"] == anew.headers["ETag"] != end.headers["ETag"]


def test_a_range_of_more_last_bytes_than_a_file_has_is_the_whole_file(client, small_book):
    whole = client.get("/export_claims?format=parquet")
    part = client.get(
        "/export_claims?format=parquet", headers={"Range": "bytes=-999999"}, buffered=True
    )

    assert part.status_code == 206
    assert part.data == whole.data


def test_a_part_outside_the_file_is_refused_with_its_size(client, small_book):
    size = len(client.get("/export_claims").data)
    part = client.get("/export_claims", headers={"Range": f"bytes={size}-"})

    assert part.status_code == 416
    assert part.headers["Content-Range"] == f"bytes */{size}"
    assert "outside the file" in part.text
