"""The golden ledger's totals, per date and clock, from every form of file by every reader."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from itertools import cycle

import pytest

from flaskr.exports.dictionary import FILE_COLUMNS
from flaskr.facts.claims import CLAIM_COLUMNS
from flaskr.facts.columns import totalled
from flaskr.facts.ledger import LEDGER_COLUMNS
from flaskr.facts.lists import Contents
from flaskr.values.as_at import Basis
from flaskr.values.money import money_text
from tests.exports.readers import FORMS, READERS, read
from tests.imports.importing import GOLDEN
from tests.imports.migration.test_golden_ledger import TOTALS

AMOUNTS = ("paid", "outstanding", "claim_cost", "recovered")


@pytest.fixture(scope="module")
def get(lasting_app) -> Callable:
    """Gets an address of the golden book, each once."""
    loaded = lasting_app.test_cli_runner().invoke(args=["import", "--migration", *map(str, GOLDEN)])
    assert loaded.exit_code == 0
    return cache(lasting_app.test_client().get)


def cut_of(at: tuple[str, Basis]) -> str:
    return f"as_at={at[0]}&basis={at[1]}"


def readers_of(form: str) -> list[str]:
    return [reader for each, reader in READERS if each == form]


def sums(columns: dict[str, list]) -> list[str]:
    return [str(sum(columns[name], Decimal("0.00"))) for name in AMOUNTS]


@pytest.mark.parametrize("form", FORMS)
def test_files_as_at_add_up_to_the_table_and_the_page_by_every_reader(get, tmp_path, form):
    for at, (claims, _, *amounts, _net) in TOTALS.items():
        body = get(f"/export_claims?{cut_of(at)}&format={form}").data
        manifest = get(f"/export_claims?{cut_of(at)}&format={form}&manifest=1").json
        page = get(f"/claims?{cut_of(at)}").text

        for reader in readers_of(form):
            columns = read(body, form, reader, CLAIM_COLUMNS, tmp_path)
            assert (reader, sums(columns)) == (reader, amounts)
            assert len(set(columns["claim_reference"])) == claims
            assert all(text.startswith("SK-20") for text in columns["claim_reference"])
        assert [manifest["totals"][name] for name in AMOUNTS] == amounts
        assert (manifest["rows"], manifest["as_at"], manifest["basis"]) == (claims, *at)
        shown = [money_text(Decimal(amount)) for amount in amounts]
        assert re.findall(r"<dd>([^<]*)</dd>", page) == shown
        assert f"Export {claims} claims<" in page


def test_the_movements_of_a_ledger_file_add_up_to_the_claims_of_the_same_cut(get, tmp_path):
    ways = cycle((form, readers_of(form)[-1]) for form in FORMS)
    for (at, (_, entries, *amounts, _net)), (form, reader) in zip(
        TOTALS.items(), ways, strict=False
    ):
        body = get(f"/export_ledger?{cut_of(at)}&format={form}").data

        columns = read(body, form, reader, LEDGER_COLUMNS, tmp_path)

        assert sums(columns) == amounts
        assert len(columns["entry_id"]) == entries
        assert columns["entry_id"] == sorted(set(columns["entry_id"]))


def test_policies_of_a_cut_are_there_also_without_claims_in_it(get, tmp_path):
    columns, at = FILE_COLUMNS[Contents.POLICIES], "as_at=2023-01-31&basis=booked"
    policies = read(get(f"/export_policies?{at}").data, "csv", "pyarrow", columns, tmp_path)
    claims = read(get(f"/export_claims?{at}").data, "csv", "pyarrow", CLAIM_COLUMNS, tmp_path)
    later = get("/export_policies?as_at=2024-12-31&manifest=1").json

    assert policies["policy_number"] == ["FÖ-2023-000101"]
    assert policies["premium"] == [Decimal("4815.00")]
    assert claims["claim_reference"] == []
    assert (later["rows"], later["totals"]) == (3, {"premium": "17109.50"})


def test_every_amount_that_adds_up_is_in_the_table(get):
    assert set(totalled(CLAIM_COLUMNS)) == set(totalled(LEDGER_COLUMNS)) == set(AMOUNTS)
