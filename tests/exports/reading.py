"""Books and readers for the tests of files."""

import io
from datetime import date

import pandas as pd
import pyarrow.csv
from sqlalchemy import text

from flaskr.extensions import db
from flaskr.facts.claim_columns import CLAIM_COLUMNS
from flaskr.files.writers.frames import schema_of
from flaskr.policies.models import Policy
from flaskr.policies.services import cancel_policy
from tests.factories import ACTOR, make_policy


def cancelled_policy(on: date, **facts) -> Policy:
    policy = make_policy(**facts)
    db.session.flush()
    return cancel_policy(policy, on, seen_version=policy.version, actor=ACTOR)


MANY_CLAIMS = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)
INSERT INTO claims (claim_reference, claim_reference_key, description, status, paid, outstanding,
    recovered, recorded_at, recorded_by, version)
SELECT 'M' || n, 'm' || n, 'water on the floor of a kitchen', 'open', 0, 100,
    0, '2024-01-01 00:00:00', 'command', 1 FROM numbers
"""


def add_claims(count: int) -> None:
    """Many claims, each with 1.00 outstanding, so that reading takes long."""
    db.session.execute(text(MANY_CLAIMS), {"count": count})
    db.session.commit()


def csv_frame(body: bytes) -> pd.DataFrame:
    """A CSV export read by pandas with the declared types."""
    schema = schema_of(CLAIM_COLUMNS)
    options = pyarrow.csv.ConvertOptions(
        column_types=schema, strings_can_be_null=True, quoted_strings_can_be_null=False,
        null_values=[""],
    )  # fmt: skip
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    table = pyarrow.csv.read_csv(io.BytesIO(body), convert_options=options, parse_options=parsing)
    return table.cast(schema).to_pandas(types_mapper=pd.ArrowDtype)


def parquet_frame(body: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(body), dtype_backend="pyarrow")
