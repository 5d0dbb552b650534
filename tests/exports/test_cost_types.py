"""The amounts by cost type in a file of claims, and the ledger's file as booked."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from random import Random

import pytest
from sqlalchemy import select

from flaskr.claims.ledger.services import (
    close_claim,
    post_payment,
    post_recovery,
    post_repayment,
    reopen_claim,
    set_reserve,
)
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.facts.claim_columns import CLAIM_COLUMNS_BY_TYPE
from flaskr.facts.closed_lists import CostType, EntryType, ReasonCode
from tests.claims.clocks import at
from tests.exports.reading import parquet_frame
from tests.factories import ACTOR, make_claim

AMOUNTS = ("paid", "outstanding", "claim_cost", "recovered")
BY_TYPE = [column.name for column in CLAIM_COLUMNS_BY_TYPE]
COLUMNS = ",".join(["claim_reference", *AMOUNTS, *BY_TYPE])
FIRST_DAY = date(2024, 3, 2)
CUTS = ["", *(f"as_at={FIRST_DAY + timedelta(n)}&basis={b}" for n in (0, 9, 19, 40)
        for b in ("known", "booked"))]  # fmt: skip
OTHER = {"actor": ACTOR, "reason_code": ReasonCode.OTHER}


def post_something(claim: Claim, day: date, random: Random) -> None:
    """Post an entry of a random type; the rules refuse some of them."""
    amount, cost_type = Decimal(random.randrange(1, 99_999)) / 100, random.choice(list(CostType))
    salvage = EntryType.RECOVERY_SALVAGE
    services: tuple[Callable[[], object], ...] = (
        lambda: set_reserve(claim, amount, day, cost_type, actor=ACTOR),
        lambda: post_payment(claim, amount, day, cost_type, actor=ACTOR),
        lambda: post_repayment(claim, amount, day, cost_type, actor=ACTOR),
        lambda: post_recovery(claim, salvage, amount, day, cost_type, actor=ACTOR),
        lambda: close_claim(claim, day, actor=ACTOR),
        lambda: reopen_claim(claim, amount, day, amount + 1, **OTHER),
    )
    with db.session.begin_nested() as savepoint:
        try:
            random.choice(services)()
        except ClaimBookError:
            savepoint.rollback()


@pytest.fixture(scope="module")
def typed_app(lasting_app):
    random = Random(11)  # noqa: S311
    with lasting_app.app_context():
        with at(f"{FIRST_DAY}T06:00"):
            claims = [make_claim(claim_reference=f"C{number}") for number in range(8)]
        for step in range(20):
            with at(f"{FIRST_DAY + timedelta(2 * step)}T12:00"):
                for claim in claims[1:]:
                    post_something(claim, FIRST_DAY + timedelta(step), random)
        db.session.commit()
    return lasting_app


def sums_of_entries(app, cut: str) -> dict[str, dict[str, Decimal]]:
    """The sums of the entries of each claim in a cut, by amount and cost type."""
    with app.app_context():
        rows = select(Claim.claim_reference, LedgerEntry).join(Claim)
        entries = db.session.execute(rows.where(Claim.id == LedgerEntry.claim_id)).all()
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    day = date.fromisoformat(cut[6:16]) if cut else date.max
    for reference, entry in entries:
        clock = entry.recorded_at.date() if "known" in cut else entry.transaction_date
        if clock <= day:
            for name in AMOUNTS:
                cost = entry.paid + entry.outstanding
                delta = cost if name == "claim_cost" else getattr(entry, name)
                sums[reference][f"{name}_{entry.cost_type}"] += delta
                sums[reference][name] += delta
    return sums


UNVERIFIED = "coverage=unverified&sort=-paid"


@pytest.mark.both_databases
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize(
    "query",
    ["", *(pytest.param(text, marks=pytest.mark.slow) for text in ("cost_from=100", UNVERIFIED))],
)
def test_amounts_by_type_are_the_sums_of_their_entries_at_any_cut(typed_app, cut, query):
    address = f"/export_claims?format=parquet&columns={COLUMNS}&{query}&{cut}"
    answer = typed_app.test_client().get(address)
    assert answer.status_code == 200, answer.text

    expected = sums_of_entries(typed_app, cut)
    rows = parquet_frame(answer.data).to_dict("records")
    for row in rows:
        assert {name: row[name] for name in (*AMOUNTS, *BY_TYPE)} == {
            name: expected[row["claim_reference"]][name] for name in (*AMOUNTS, *BY_TYPE)
        }, row["claim_reference"]
        for name in AMOUNTS:
            assert row[name] == sum(row[f"{name}_{cost_type}"] for cost_type in CostType)
    assert rows or ("as_at=2024-03-02" in cut and query)


def test_the_varied_entries_have_expenses_of_each_amount(typed_app):
    sums = sums_of_entries(typed_app, "").values()

    for name in BY_TYPE:
        assert sum(bool(of_claim[name]) for of_claim in sums) > 1, name


def test_amounts_by_type_are_control_totals_and_come_only_on_request(typed_app):
    client = typed_app.test_client()
    usual = client.get("/export_claims?manifest=1").json
    asked = client.get(f"/export_claims?manifest=1&columns={','.join(BY_TYPE)}").json

    assert not {column["name"] for column in usual["columns"]} & set(BY_TYPE)
    assert list(asked["totals"]) == BY_TYPE
    for name, amount in usual["totals"].items():
        of_types = [Decimal(asked["totals"][f"{name}_{each}"]) for each in CostType]
        assert sum(of_types) == Decimal(amount)
        assert all(of_types)


def test_one_amount_by_type_alone_makes_a_file_too(typed_app):
    for name, cut in product(("paid_expense", "recovered_indemnity"), CUTS[:3]):
        answer = typed_app.test_client().get(f"/export_claims?columns={name}&{cut}")

        assert answer.status_code == 200, answer.text
        assert answer.text.splitlines()[0] == f'"{name}"'


def test_a_file_with_amounts_by_type_is_verified(typed_app, tmp_path):
    path, runner = tmp_path / "claims.csv", typed_app.test_cli_runner()
    asked = ["exports", "claims", "--to", str(path), "--columns", COLUMNS, "--manifest"]
    made = runner.invoke(args=asked)
    same = runner.invoke(args=["exports", "verify", str(path)])
    lines = path.read_text().splitlines()
    cells = lines[-2].split(",")
    cells[-1] = f"{Decimal(cells[-1]) + Decimal('0.01')}"
    path.write_text("\n".join([*lines[:-2], ",".join(cells), lines[-1], ""]))
    changed = runner.invoke(args=["exports", "verify", str(path)])

    assert (made.exit_code, same.exit_code) == (0, 0), (made.output, same.output)
    assert changed.exit_code == 5
    assert "recovered_expense: manifest" in changed.output


def out_of_order(claim: Claim) -> None:
    """The entries of an older system: a payment of March recorded after one of May."""
    rows = (
        # type, day, recorded, paid, outstanding, as recorded (paid, os), as booked (paid, os)
        ("RESERVE_OPEN", date(2024, 3, 2), 2, 0, 100, (0, 100), (0, 100)),
        ("PAYMENT", date(2024, 5, 1), 3, 60, -60, (60, 40), (70, 30)),
        ("PAYMENT", date(2024, 3, 20), 4, 10, -10, (70, 30), (10, 90)),
    )
    for entry_type, day, recorded, paid, outstanding, known, booked in rows:
        instant = datetime(2024, 6, recorded, tzinfo=UTC)
        after = dict(zip(("paid_after", "outstanding_after"), map(Decimal, known), strict=True))
        by_day = dict(zip(("paid_booked", "outstanding_booked"), map(Decimal, booked), strict=True))
        entry = LedgerEntry(
            claim_id=claim.id, entry_type=entry_type, transaction_date=day, recorded_at=instant,
            imported_at=instant, recorded_by=ACTOR, paid=Decimal(paid), recovered=Decimal(0),
            outstanding=Decimal(outstanding), recovered_after=Decimal(0), status_after="open",
            recovered_booked=Decimal(0), status_booked="open", **after, **by_day,
            exceptions="out_of_order" if recorded == 4 else None,
        )  # fmt: skip
        db.session.add(entry)
        db.session.flush()
    claim.paid, claim.outstanding = Decimal(70), Decimal(30)
    claim.first_transaction_date, claim.last_transaction_date = date(2024, 3, 2), date(2024, 5, 1)
    claim.last_recorded_at = instant


def test_the_ledger_of_a_claim_as_booked_is_in_the_order_of_days_and_ends_in_its_state(
    client, session
):
    with at("2024-06-01T00:00"):
        out_of_order(make_claim(claim_reference="M"))
    session.commit()
    names = "transaction_date,paid_after,outstanding_after"

    def lines(query: str) -> list[str]:
        return client.get(f"/export_ledger?claim=M&columns={names}&{query}").text.split()[1:]

    known = ["2024-03-02,0.00,100.00", "2024-05-01,60.00,40.00", "2024-03-20,70.00,30.00"]
    booked = ["2024-03-02,0.00,100.00", "2024-03-20,10.00,90.00", "2024-05-01,70.00,30.00"]
    assert lines("") == lines("as_at=2024-12-31") == known
    assert lines("as_at=2024-12-31&basis=booked") == booked
    assert lines("as_at=2024-12-31&basis=booked&sort=-recorded") == booked[::-1]
    assert lines("as_at=2024-03-31&basis=booked") == booked[:2]
    days = ("2024-03-31", "2024-06-03", "2024-12-31")
    for day, basis in [*product(days[1:], ("known", "booked")), (days[0], "booked")]:
        cut = f"as_at={day}&basis={basis}"
        [state] = client.get(f"/export_claims?columns=paid,outstanding&{cut}").text.split()[1:]
        assert lines(cut)[-1].partition(",")[2] == state, cut


def test_ledger_files_say_what_was_migrated_and_what_is_an_exception(client, session):
    out_of_order(make_claim(claim_reference="M"))
    session.commit()

    rows = client.get("/export_ledger?format=jsonl&columns=imported_at,exceptions,cost_type")
    last = rows.text.splitlines()[-1]
    page = client.get("/claims/M").text

    assert last == (
        '{"imported_at":"2024-06-04 00:00:00.000000Z","exceptions":"out_of_order",'
        '"cost_type":"indemnity"}'
    )
    assert page.count("migrated 2024-06-0") == 3
    assert page.count("dated before an entry that was recorded earlier") == 1
