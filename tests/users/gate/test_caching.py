"""What people who sign in are given stays out of caches; readers by ranges go on working."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from flaskr.users.models import Role, Scope
from tests.addresses import fill_book
from tests.exports.serving import served
from tests.optional import optional
from tests.users.people import signed_in_client, token_headers

FILES = (
    "/export_claims?format=parquet",
    "/export_claims?manifest=1",
    "/exports/E-get",
    "/exports/E-get/manifest",
    "/export_trail",
)
STORED = "private, no-cache"


@pytest.fixture
def known(signed_in_app):
    return fill_book(signed_in_app)


def caching(client, address: str, **headers) -> tuple[int, str]:
    with client.get(address, headers=headers) as answer:
        return answer.status_code, answer.headers.get("Cache-Control")


def test_files_manifests_and_errors_are_not_stored(signed_in_app, known):
    client = signed_in_client(signed_in_app, Role.ADMINISTRATOR)
    handler = signed_in_client(signed_in_app, Role.HANDLER)

    assert {caching(client, address) for address in FILES} == {(200, "no-store")}
    assert caching(handler, f"/imports/under_way/{known['job']}/refused/0.csv") == (200, "no-store")
    for address in ("/exports/unknown", "/export_claims?unknown=1", "/no-such-page"):
        assert caching(client, address, Accept="application/json")[1] == "no-store", address
    assert caching(signed_in_app.test_client(), "/export_claims") == (401, "no-store")


def test_conditions_and_ranges_are_answered_as_before(signed_in_app, known):
    client, address = signed_in_client(signed_in_app, Role.ADMINISTRATOR), "/exports/E-get"
    with client.get(address) as whole:
        data, tag = whole.data, whole.headers["ETag"]

    assert caching(client, address, **{"If-None-Match": tag}) == (304, STORED)
    with client.get(address, headers={"Range": "bytes=2-5", "If-Range": tag}) as part:
        assert (part.status_code, part.data) == (206, data[2:6])
        assert part.headers["Cache-Control"] == STORED
    assert caching(client, address, Range="bytes=999999-") == (416, "no-store")
    assert caching(client, address, **{"If-Match": '"another"'}) == (412, "no-store")


def test_an_open_book_answers_as_before(client, app):
    fill_book(app)

    assert caching(client, "/exports/E-get") == (200, STORED)


@pytest.mark.slow
def test_pandas_and_duckdb_read_by_a_token(signed_in_app, known):
    folder = Path(optional("duckdb_extension_httpfs").__file__).parent
    over_http = duckdb.connect()
    over_http.load_extension(str(next(folder.rglob("httpfs.duckdb_extension"))))
    headers = token_headers(signed_in_app, Role.HANDLER, Scope.READ)
    asked: list[str] = []
    token = headers["Authorization"].removeprefix("Bearer ")
    with served(signed_in_app, asked) as address:
        url = f"{address.replace('127.0.0.1', 'localhost')}/export_claims?format=parquet"
        by_pandas = pd.read_parquet(url, storage_options=headers)
        over_http.execute(f"CREATE SECRET (TYPE http, BEARER_TOKEN '{token}')")
        of_claims = over_http.sql(f"SELECT claim_reference FROM read_parquet('{url}')")  # noqa: S608
        by_duckdb = of_claims.fetchall()

    assert by_pandas["claim_reference"].tolist() == [reference for (reference,) in by_duckdb]
    assert any(each.startswith("GET bytes=") for each in asked)
