"""The golden ledger's totals by date and basis, on the pages."""

import re
from datetime import date
from decimal import Decimal

import pytest

from flaskr.claims.as_at_queries import claims_as_at
from flaskr.claims.filters import ClaimFilter
from flaskr.extensions import db
from flaskr.values.as_at import Basis
from flaskr.values.money import format_money
from flaskr.web.paging import Cursor
from tests.imports.importing import GOLDEN
from tests.imports.migration.test_golden_ledger import TOTALS


@pytest.mark.parametrize("basis", list(Basis))
def test_a_page_as_at_a_date_has_the_rows_and_sums_of_that_date(golden, basis):
    for day in (date.fromisoformat(at) for at, on in TOTALS if on is basis):
        rows = {row.claim_reference: row for row in db.session.execute(claims_as_at(day, basis))}
        listing = ClaimFilter(as_at=day, basis=basis, sort="claim_reference").listing()

        page = listing.page(Cursor())

        assert [row.claim_reference for row in page.rows] == sorted(rows)
        for row in page.rows:
            shown = row._asdict()
            assert shown.pop("claim_cost") == row.paid + row.outstanding
            assert shown == rows[row.claim_reference]._asdict()


def test_the_page_has_every_total_of_the_acceptance_table(client, runner):
    assert runner.invoke(args=["import", "--migration", *map(str, GOLDEN)]).exit_code == 0

    for (day, basis), (claims, _, paid, outstanding, cost, recovered, _) in TOTALS.items():
        page = client.get(f"/claims?as_at={day}&basis={basis}").text
        figures = re.findall(r"<dd>([^<]*)</dd>", page)

        assert figures == [format_money(Decimal(n)) for n in (paid, outstanding, cost, recovered)]
        assert f"Export {claims} claims" in page
        assert page.count('href="/claims/SK-') == claims
