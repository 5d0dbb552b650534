"""Any history of an older system: what is taken of it equals a plain model, by both clocks."""

from datetime import UTC, datetime, time
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from flaskr.claims.as_at_queries import claims_as_at, ledger_totals_as_at, totals_as_at
from flaskr.claims.check.services import disagreements
from flaskr.claims.models import Claim
from flaskr.claims.queries import claim_by_reference, entries_of
from flaskr.extensions import db
from flaskr.imports.migration.ledger import LedgerPlanner, staged_entry
from flaskr.values.as_at import Basis
from tests.imports.conftest import files_of
from tests.imports.importing import load
from tests.imports.migration.plain_history import (
    DAYS,
    REPORTED,
    End,
    Row,
    Taken,
    history_of,
    older_rows,
    state_at,
)

ZONE = ZoneInfo("Europe/Stockholm")
NAMES = ("paid", "outstanding", "recovered")
HEADER = (
    "claim_reference,entry_type,cost_type,transaction_date,recorded_at,paid,outstanding,recovered"
)
LOSSES = "claim_reference,loss_date,reported_date"
numbers = count(1)


def instant_of(row: Row) -> datetime:
    return datetime.combine(row.recorded, time(10), ZONE).astimezone(UTC)


def staged(rows: list[Row]) -> list[dict]:
    """The rows as the planner gets them: in the order of recording, amounts in öre."""
    numbered = enumerate(rows, 2)
    return [
        {
            **{"row": number, "claim_key": "h", "claim_reference": "H", "entry_type": row.kind},
            **{"cost_type": row.cost, "transaction_date": row.day, "recorded_at": instant_of(row)},
            **{"recorded_date": None, "claim_recorded_at": None, "reason_code": None},
            **{"loss_date": REPORTED, "reported_date": REPORTED},
            **{name: 100 * kronor for name, kronor in zip(NAMES, row.delta, strict=True)},
        }
        for number, row in sorted(numbered, key=lambda each: (each[1].recorded, each[0]))
    ]


def end_in(values: dict, clock: str) -> End | None:
    status = values[f"status_{clock}"]
    if status is None:
        return None
    paid, outstanding, recovered = (values[f"{name}_{clock}"] // 100 for name in NAMES)
    return (paid, outstanding, recovered), status, values[f"closed_date_{clock}"]


@settings(max_examples=300)
@given(rows=older_rows())
def test_the_planner_takes_a_history_as_the_model_does(rows):
    planner = LedgerPlanner(0, ZONE, datetime.now(UTC), None)
    expected = history_of(rows)

    planned = [list(map(staged_entry, ledger)) for ledger in planner.ledgers(staged(rows))]

    assert len(planner.faults) == (expected is None)
    for ledger in planned:
        positions = {values["row"]: at for at, values in enumerate(ledger)}
        assert [
            (
                values["entry_type"],
                set((values["exceptions"] or "").split()),
                positions.get(values["reverses_row"]),
                end_in(values, "after"),
                end_in(values, "booked"),
            )
            for values in ledger
        ] == [
            (each.kind, each.exceptions, each.reverses, each.after, each.booked)
            for each in expected or []
        ]


def csv_of(reference: str, rows: list[Row]) -> str:
    return "".join(
        f"{reference},{row.kind},{row.cost},{row.day},{instant_of(row).isoformat()},"
        f"{','.join(map(str, row.delta))}\n"
        for row in rows
    )


def ends_as_at(day, basis: Basis, references: list[str]) -> dict[str, End]:
    """The claims at the end of a day, by reference, in whole kronor."""
    rows = db.session.execute(claims_as_at(day, basis).where(Claim.claim_reference.in_(references)))
    return {
        row.claim_reference: (
            (int(row.paid), int(row.outstanding), int(row.recovered)),
            row.status.value,
            row.closed_date,
        )
        for row in rows
    }


def counts_at(taken: list[Taken], day, basis: Basis) -> bool:
    """Whether a claim counts at the end of a day."""
    if basis is Basis.KNOWN:
        return taken[0].row.recorded <= day
    return min(REPORTED, *(each.row.day for each in taken)) <= day


@pytest.mark.slow
@pytest.mark.both_databases
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=st.lists(older_rows(), min_size=1, max_size=12))
def test_a_loaded_history_has_the_models_figures_on_every_day_by_both_clocks(importing, histories):
    claims = {f"H-{next(numbers)}": rows for rows in histories}
    paths = files_of(
        importing.folder,
        claims=f"{LOSSES}\n" + "".join(f"{each},{REPORTED},{REPORTED}\n" for each in claims),
        ledger=f"{HEADER}\n" + "".join(csv_of(name, rows) for name, rows in claims.items()),
    )
    taken = {name: history_of(rows) for name, rows in claims.items()}
    expected = {name: entries for name, entries in taken.items() if entries}
    job = importing.new_job(*paths, is_migration=True)

    if job.outcome.changes:
        load(job, leaves_refused=True)
    again = importing.new_job(*paths, is_migration=True).outcome

    assert job.outcome.refused_claims == len(claims) - len(expected)
    assert again.changes == 0
    assert list(disagreements()) == []
    for name, entries in expected.items():
        stored = entries_of(claim_by_reference(name))
        assert [(e.entry_type, e.cost_type, e.transaction_date) for e in stored] == [
            (each.kind, each.row.cost, each.row.day) for each in entries
        ]
        assert [set(e.broken_rules) for e in stored] == [each.exceptions for each in entries]
    for day in DAYS:
        for basis in Basis:
            assert ends_as_at(day, basis, list(claims)) == {
                name: state_at(entries, day, basis is Basis.KNOWN)
                for name, entries in expected.items()
                if counts_at(entries, day, basis)
            }
            totals = totals_as_at(day, basis)
            assert ledger_totals_as_at(day, basis) == tuple(
                Decimal(getattr(totals, name)) for name in NAMES
            )
    refused = select(Claim.claim_reference).where(
        Claim.claim_reference.in_(set(claims) - set(expected))
    )
    assert db.session.scalars(refused).all() == []
    db.session.rollback()
