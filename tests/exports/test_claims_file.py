import hashlib
import io
from base64 import b64encode
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from sqlalchemy import select

from flaskr.claims.as_at_queries import current_coverage
from flaskr.claims.models import Claim
from flaskr.claims.queries import claim_totals
from flaskr.extensions import db
from flaskr.facts.claim_columns import CLAIM_COLUMNS
from flaskr.facts.columns import names_of
from flaskr.facts.kinds import Kind
from flaskr.policies.models import Policy
from flaskr.values.calendar import today
from tests.exports.reading import cancelled_policy, csv_frame, parquet_frame
from tests.factories import make_claim, make_policy, reserve

COLUMNS = (
    "claim_reference,policy_number,line_of_business,cause,event_code,status,coverage,loss_date,reported_date,"
    "closed_date,paid,outstanding,claim_cost,recovered,currency,description"
)
ARROW_NAMES = {
    Kind.REFERENCE: "string[pyarrow]",
    Kind.TEXT: "string[pyarrow]",
    Kind.CHOICE: "string[pyarrow]",
    Kind.DAY: "date32[day][pyarrow]",
    Kind.AMOUNT: "decimal128(18, 2)[pyarrow]",
}
READERS = {"csv": csv_frame, "parquet": parquet_frame}


def export(client, file_format: str) -> pd.DataFrame:
    response = client.get(f"/export_claims?format={file_format}")
    assert response.status_code == 200, response.text
    return READERS[file_format](response.data)


def test_csv_is_what_a_person_expects_to_see(client, small_book):
    response = client.get("/export_claims")

    assert response.data.decode() == (
        ",".join(f'"{name}"' for name in COLUMNS.split(",")) + "\n"
        '"D","007","home","water",,"open","not_in_force",2024-03-01,2024-03-02,,'
        '0.00,0.00,0.00,0.00,"SEK","\'-5"\n'
        '"C","FÖ-001","home","water",,"open","not_in_force",2025-01-01,2025-01-02,,'
        '0.00,0.00,0.00,0.00,"SEK","\'=1+1"\n'
        '"B",,,,,"open","unverified",,,,0.00,0.00,0.00,0.00,"SEK",""\n'
        '"00123","FÖ-001","home","water",,"closed","in_force",2024-03-01,2024-03-02,2024-05-01,'
        '60.10,0.00,60.10,0.00,"SEK","Åsa; 1 234,50 ""rör""\nkök"\n'
    )


def test_raw_csv_and_parquet_have_unchanged_texts(client, small_book):
    raw = csv_frame(client.get("/export_claims?raw=1").data)
    parquet = export(client, "parquet")

    assert list(raw["description"])[:2] == ["-5", "=1+1"]
    assert list(parquet["description"])[:2] == ["-5", "=1+1"]


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_pandas_reads_every_column_in_its_declared_type(client, small_book, file_format):
    frame = export(client, file_format)

    assert list(frame.columns) == COLUMNS.split(",")
    for column in CLAIM_COLUMNS:
        assert arrow_name(frame[column.name].dtype) == ARROW_NAMES[column.kind]
    assert frame["claim_reference"][3] == "00123"
    assert frame["paid"][3] == Decimal("60.10")
    assert frame["loss_date"][3] == date(2024, 3, 1)


def test_parquet_read_by_pandas_without_options_keeps_amounts_exact(client, small_book):
    frame = pd.read_parquet(io.BytesIO(client.get("/export_claims?format=parquet").data))

    assert frame["paid"][3] == Decimal("60.10")
    assert str(frame["loss_date"].dtype) == "date32[day][pyarrow]"


def arrow_name(dtype) -> str:
    return str(dtype) if str(dtype) != "string" else f"string[{dtype.storage}]"


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_an_empty_book_gives_a_header_and_the_full_schema(client, file_format):
    response = client.get(f"/export_claims?format={file_format}")
    frame = READERS[file_format](response.data)

    assert response.headers["X-Row-Count"] == "0"
    assert list(frame.columns) == COLUMNS.split(",")
    assert [arrow_name(frame[c.name].dtype) for c in CLAIM_COLUMNS] == [
        ARROW_NAMES[c.kind] for c in CLAIM_COLUMNS
    ]


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_amounts_add_up_to_those_of_the_book(client, small_book, file_format):
    for level in ("999999999999.99", "0.01", "0.10"):
        reserve(make_claim(), level)
    db.session.commit()

    frame = export(client, file_format)
    totals = claim_totals()

    assert len(frame) == totals.claims == 7
    for name in names_of(CLAIM_COLUMNS, Kind.AMOUNT):
        assert frame[name].sum() == getattr(totals, name)


def test_coverage_is_that_of_the_book_on_every_boundary_of_the_cover(client, session):
    policies = [
        make_policy(),
        cancelled_policy(date(2024, 6, 1)),
        cancelled_policy(date(2024, 1, 1)),
        None,
    ]
    edges = ["2023-12-31", "2024-01-01", "2024-05-31", "2024-06-01", "2024-12-31", "2025-01-01"]
    for policy in policies:
        for day in [*map(date.fromisoformat, edges), None]:
            make_claim(policy=policy, loss_date=day, reported_date=None)
    session.commit()

    said = select(Claim.claim_reference, current_coverage()).outerjoin(
        Policy, Policy.id == Claim.policy_id
    )
    expected = {reference: coverage.value for reference, coverage in session.execute(said)}
    frame = export(client, "parquet")

    assert dict(zip(frame["claim_reference"], frame["coverage"], strict=True)) == expected
    assert set(expected.values()) == {"in_force", "not_in_force", "unverified"}


def test_rows_are_in_the_order_of_the_page_newest_first(client, session):
    for reference in ("Z", "a", "M"):
        make_claim(claim_reference=reference)
    session.commit()

    assert list(export(client, "csv")["claim_reference"]) == ["M", "a", "Z"]


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_the_same_book_gives_the_same_bytes(client, small_book, file_format):
    address = f"/export_claims?format={file_format}"

    assert client.get(address).data == client.get(address).data


@pytest.mark.parametrize(
    ("file_format", "media_type"),
    [("csv", "text/csv; charset=utf-8"), ("parquet", "application/vnd.apache.parquet")],
)
def test_the_headers_describe_the_file(client, app, small_book, file_format, media_type):
    response = client.get(f"/export_claims?format={file_format}")
    digest = b64encode(hashlib.sha256(response.data).digest()).decode()
    with app.app_context():
        name = f"claims-{today()}.{file_format}"

    headers = response.headers
    assert headers["Content-Type"] == media_type
    assert headers["Content-Length"] == str(len(response.data))
    assert headers["Content-Disposition"] == f"attachment; filename={name}"
    assert headers["X-Row-Count"] == "4"
    assert headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_trailing_slash_makes_no_difference(client, small_book):
    assert client.get("/export_claims/").data == client.get("/export_claims").data
