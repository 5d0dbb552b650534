"""Books as older versions kept them: rows put in by SQL, into a schema of before."""

from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from flaskr.database.modes import transaction_mode
from flaskr.extensions import db

REASON = "Karin Lindqvist asked again, för sjätte gången 🜚"
LONG_REASON = f"{REASON}\n" + "A neighbour's letter tells more. " * 400  # on overflow pages
REASONS = {2: "booked twice", 5: REASON, 8: LONG_REASON, 10: ""}
CREATED = {"recorded_by": "open", "version": 1, "form_token": None}
MARCH, MAY = "2024-03-02 10:00:00.000000", "2024-05-02 10:00:00.000001"
FIRST_POSTING = "2024-05-03 10:00:00.000002"


def _policy(number: int) -> dict:
    cover = {
        "line_of_business": "home",
        "inception_date": "2024-01-01",
        "expiry_date": "2025-01-01",
    }
    amounts = {"premium": 500000, "deductible": 150000, "sum_insured": None, "cancelled_on": None}
    named = {"policy_number": f"H-{number}", "policy_number_key": f"h-{number}"}
    return {"id": number, **named, "policyholder": "Åsa", "recorded_at": MARCH} | (
        CREATED | cover | amounts
    )


def _claim(number: int, status: str, *amounts: int, **facts) -> dict:
    balances = dict(zip(("paid", "outstanding", "recovered"), amounts, strict=True))
    named = {"claim_reference": f"Ö-{number}", "claim_reference_key": f"ö-{number}"}
    known = {"policy_id": None, "cause": None, "loss_date": None, "reported_date": None}
    last = {"last_transaction_date": None, "last_recorded_at": None, "closed_date": None}
    claim = {"id": number, **named, "description": "Läcka", "status": status, "recorded_at": MARCH}
    return claim | CREATED | balances | known | last | facts


def _entry(number: int, claim: int, kind: str, day: str, deltas, after, **more) -> dict:
    names = ("paid", "outstanding", "recovered")
    amounts = dict(zip(names, deltas, strict=True))
    balances = {f"{name}_after": amount for name, amount in zip(names, after, strict=True)}
    entry = {"id": number, "claim_id": claim, "entry_type": kind, "transaction_date": day}
    known = {"recorded_at": FIRST_POSTING, "imported_at": None, "recorded_by": "open"}
    state = {"status_after": "open", "closed_date_after": None, "reverses": None}
    return entry | known | amounts | balances | state | {"reason": REASONS.get(number)} | more


_MIGRATED = {"recorded_at": MARCH, "imported_at": MAY}
_CLOSED = {"status_after": "closed", "closed_date_after": "2024-06-01"}
ROWS: dict[str, list[dict]] = {
    "counters": [{"name": "C-2024", "value": 4}],
    "policies": [_policy(1), _policy(3) | {"version": 2}],
    "claims": [
        _claim(1, "open", 700, 300, 0, policy_id=1, loss_date="2024-03-01",
               last_transaction_date="2024-03-09", last_recorded_at=MARCH),
        _claim(2, "reopened", 2000, 500, 100, cause="fire", reported_date="2024-03-02",
               loss_date="2024-03-01", last_transaction_date="2024-06-02",
               last_recorded_at=FIRST_POSTING, version=2),
        _claim(4, "open", 0, 0, 0),
    ],
    "policy_revisions": [
        {name: value for name, value in _policy(3).items()
         if name not in (*CREATED, "policy_number", "policy_number_key", "policyholder",
                         "recorded_at")}
        | {"id": 2, "policy_id": 3, "replaced_at": MAY, "replaced_by": "open",
           "policyholder_changed": True}
    ],
    "claim_revisions": [
        {"id": 5, "claim_id": 2, "replaced_at": MAY, "replaced_by": "open", "cause": None,
         "description_changed": False, "policy_id": 3, "loss_date": None, "reported_date": None}
    ],
    "ledger_entries": [
        _entry(1, 1, "RESERVE_OPEN", "2024-03-08", (0, 1000, 0), (0, 1000, 0), **_MIGRATED),
        _entry(2, 1, "PAYMENT", "2024-03-09", (700, -700, 0), (700, 300, 0), **_MIGRATED),
        _entry(3, 2, "RESERVE_OPEN", "2024-05-03", (0, 500, 0), (0, 500, 0)),
        _entry(4, 2, "PAYMENT", "2024-05-04", (2000, -500, 0), (2000, 0, 0)),
        _entry(5, 2, "PAYMENT_REVERSAL", "2024-05-05", (-2000, 500, 0), (0, 500, 0), reverses=4),
        _entry(6, 2, "PAYMENT", "2024-05-06", (2000, -500, 0), (2000, 0, 0)),
        _entry(7, 2, "RECOVERY_SALVAGE", "2024-05-06", (0, 0, 100), (2000, 0, 100)),
        _entry(8, 2, "RESERVE_CLOSE", "2024-06-01", (0, 0, 0), (2000, 0, 100), **_CLOSED),
        _entry(10, 2, "RESERVE_REOPEN", "2024-06-02", (0, 500, 0), (2000, 500, 100),
               status_after="reopened"),
    ],
}  # fmt: skip
TABLES = tuple(ROWS)


def make_old_book(revision: str) -> None:
    """Bring the empty book to an older revision, and fill it as its version did."""
    move(downgrade, "base")
    move(upgrade, revision)
    with transaction_mode("migrate"), db.engine.begin() as connection:
        columns = {table: _columns(connection, table) for table in TABLES}
        for table, rows in ROWS.items():
            for row in rows:
                known = {name: value for name, value in row.items() if name in columns[table]}
                values = ", ".join(f":{name}" for name in known)
                insert = f"INSERT INTO {table} ({', '.join(known)}) VALUES ({values})"  # noqa: S608
                connection.execute(text(insert), known)
        if connection.dialect.name == "postgresql":
            for table in set(TABLES) - {"counters"}:
                last = f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"  # noqa: S608
                connection.execute(text(last))
    db.engine.dispose()  # no connection without foreign keys


def _columns(connection, table: str) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns(table)}


def move(direction, revision: str) -> None:
    """Upgrade or downgrade; what the older schema has no place for is discarded."""
    db.session.remove()
    direction(revision=revision, x_arg="discard=yes")


def all_rows() -> dict[str, list[dict]]:
    """Every row of the tables of before, read without the models."""
    with transaction_mode("read"), db.engine.connect() as connection:
        return {
            table: [
                dict(row)
                for row in connection.execute(
                    text(f"SELECT * FROM {table} ORDER BY 1")  # noqa: S608
                ).mappings()
            ]
            for table in TABLES
        }
