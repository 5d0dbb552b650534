"""The golden ledger's totals, per date and basis, in every format by every reader."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from itertools import cycle

import pytest

from flaskr.exports.dictionary import FILE_COLUMNS
from flaskr.facts.claim_columns import CLAIM_COLUMNS
from flaskr.facts.closed_lists import Contents
from flaskr.facts.columns import total_names
from flaskr.facts.ledger_columns import LEDGER_COLUMNS
from flaskr.values.as_at import Basis
from flaskr.values.money import format_money
from tests.exports.golden import default_first
from tests.exports.readers import FORMS, READERS, read
from tests.imports.importing import GOLDEN
from tests.imports.migration.test_golden_ledger import TOTALS

AMOUNTS = ("paid", "outstanding", "claim_cost", "recovered")


@pytest.fixture(scope="module")
def get(lasting_app) -> Callable:
    """Get an address of the golden book, each only once."""
    loaded = lasting_app.test_cli_runner().invoke(args=["import", "--migration", *map(str, GOLDEN)])
    assert loaded.exit_code == 0
    return cache(lasting_app.test_client().get)


def as_at_parameters(at: tuple[str, Basis]) -> str:
    return f"as_at={at[0]}&basis={at[1]}"


def readers_of(form: str) -> list[str]:
    return [reader for each, reader in READERS if each == form]


def sums(columns: dict[str, list]) -> list[str]:
    return [str(sum(columns[name], Decimal("0.00"))) for name in AMOUNTS]


@pytest.mark.parametrize("form", default_first(FORMS, "csv", "xlsx", "parquet"))
def test_every_reader_totals_files_as_at_a_date_to_the_table_and_the_page(get, tmp_path, form):
    for at, (claims, _, *amounts, _net) in TOTALS.items():
        body = get(f"/export_claims?{as_at_parameters(at)}&format={form}").data
        manifest = get(f"/export_claims?{as_at_parameters(at)}&format={form}&manifest=1").json
        page = get(f"/claims?{as_at_parameters(at)}").text

        for reader in readers_of(form):
            columns = read(body, form, reader, CLAIM_COLUMNS, tmp_path)
            assert (reader, sums(columns)) == (reader, amounts)
            assert len(set(columns["claim_reference"])) == claims
            assert all(text.startswith("SK-20") for text in columns["claim_reference"])
        assert [manifest["totals"][name] for name in AMOUNTS] == amounts
        assert (manifest["rows"], manifest["as_at"], manifest["basis"]) == (claims, *at)
        shown = [format_money(Decimal(amount)) for amount in amounts]
        assert re.findall(r"<dd>([^<]*)</dd>", page) == shown
        assert f"Export {claims} claims<" in page


def test_the_movements_of_a_ledger_file_add_up_to_the_claims_as_at_the_same_date(get, tmp_path):
    ways = cycle((form, readers_of(form)[-1]) for form in FORMS)
    for (at, (_, entries, *amounts, _net)), (form, reader) in zip(
        TOTALS.items(), ways, strict=False
    ):
        body = get(f"/export_ledger?{as_at_parameters(at)}&format={form}").data

        columns = read(body, form, reader, LEDGER_COLUMNS, tmp_path)

        assert sums(columns) == amounts
        assert len(columns["entry_id"]) == entries
        assert columns["entry_id"] == sorted(set(columns["entry_id"]))


def test_policies_without_claims_are_in_the_file_as_at_a_date(get, tmp_path):
    columns, at = FILE_COLUMNS[Contents.POLICIES], "as_at=2023-01-31&basis=booked"
    policies = read(get(f"/export_policies?{at}").data, "csv", "pyarrow", columns, tmp_path)
    claims = read(get(f"/export_claims?{at}").data, "csv", "pyarrow", CLAIM_COLUMNS, tmp_path)
    later = get("/export_policies?as_at=2024-12-31&manifest=1").json

    assert policies["policy_number"] == ["FÖ-2023-000101"]
    assert policies["premium"] == [Decimal("4815.00")]
    assert claims["claim_reference"] == []
    assert (later["rows"], later["totals"]) == (3, {"premium": "17109.50"})


def test_every_amount_with_a_total_is_in_the_table(get):
    assert set(total_names(CLAIM_COLUMNS)) == set(total_names(LEDGER_COLUMNS)) == set(AMOUNTS)
