from datetime import date
from decimal import Decimal

from sqlalchemy import select

from flaskr.extensions import db
from flaskr.facts.closed_lists import LineOfBusiness
from flaskr.policies.models import PolicyRevision
from flaskr.policies.queries import policy_by_number
from tests.factories import make_policy
from tests.imports.importing import counts

HEADER = (
    *("Försäkringsnummer", "Gren", "Försäkringstagare", "Startdatum", "Slutdatum"),
    *("Premie", "Självrisk", "Försäkringsbelopp", "Uppsagd"),
)
HOME = ("H-1", "home", "Åsa  Öberg", "2024-01-01", "2025-01-01", "5 000,50", "1500", "", "")


def test_a_new_policy_has_the_facts_of_its_row(importing):
    found = importing.load(
        HEADER, HOME, ("007", "motor", "", "2024-01-01", "2025-01-01", "1", "2", "3", "2024-06-01")
    )

    home, motor = policy_by_number("h-1"), policy_by_number("007")
    assert (home.policyholder, home.premium, home.sum_insured) == (
        *("Åsa Öberg", Decimal("5000.50")),
        None,
    )
    assert (motor.line_of_business, motor.cancelled_on) == (LineOfBusiness.MOTOR, date(2024, 6, 1))
    assert (home.import_id, home.import_row, motor.import_row) == (1, 2, 3)
    assert found.files[0].rows_of("created").amounts == {"premium": "5001.50"}


def test_changed_policies_are_shown_and_recorded_as_revisions(importing):
    importing.load(HEADER, HOME)
    changed = ("h-1", "home", "Bo Ek", "2024-01-01", "2025-01-01", "6000", "1500", "9", "")

    found = importing.load(HEADER, changed)
    again = importing.dry_run(HEADER, changed)

    [shown] = found.files[0].rows_of("changed").first
    assert (counts(found), found.files[0].rows_of("changed").amounts) == (
        *((0, 1, 0, 0),),
        {"premium": "999.50"},
    )
    assert dict(shown.before) == {
        **{"premium": "5000.50", "sum_insured": "", "policyholder": "Åsa Öberg"}
    }
    assert dict(shown.after) == {
        **{"premium": "6000.00", "sum_insured": "9.00", "policyholder": "Bo Ek"}
    }
    policy = policy_by_number("H-1")
    [revision] = db.session.scalars(select(PolicyRevision))
    assert (policy.version, policy.policyholder, policy.import_id) == (2, "Bo Ek", 1)
    assert (revision.premium, revision.policyholder_changed) == (Decimal("5000.50"), True)
    assert (revision.import_id, revision.replaced_by) == (2, "command")
    assert counts(again) == (0, 0, 1, 0)


def test_an_empty_cell_leaves_what_the_book_has(importing):
    make_policy(policy_number="H-1", sum_insured=Decimal("7.00"))
    empty = ("H-1", "home", "", "2024-01-01", "2025-01-01", "5000", "1500", "", "")

    assert counts(importing.dry_run(HEADER, empty)) == (0, 0, 1, 0)


def test_invalid_policies_are_refused(importing):
    make_policy(policy_number="B-1")

    said = importing.refusals(
        HEADER,
        ("B-1", "home", "", "2024-01-01", "2023-01-01", "1", "1", "", ""),
        ("N-1", "home", "", "2024-01-01", "2024-01-01", "1", "1", "", ""),
        ("N-2", "boat", "", "2024-01-01", "2025-01-01", "1", "1", "", ""),
        ("N-3", "home", "", "2024-01-01", "2025-01-01", "-1", "1", "", ""),
        ("N-4", "home", "", "", "2025-01-01", "1", "1", "", ""),
        ("N-5", "home", "", "2024-01-01", "2025-01-01", "1", "1", "", "2025-01-01"),
        ("P-2024-000001", "home", "", "2024-01-01", "2025-01-01", "1", "1", "", ""),
        ("N-6", "home", "", "2024-01-01", "2025-01-01", "1", "1", "", ""),
        ("n-6", "home", "x" * 201, "2024-01-01", "2025-01-01", "1", "1", "", ""),
    )

    assert [line.removeprefix("claims.csv, row ")[:46] for line in said] == [
        "2, Försäkringsnummer “B-1”: The expiry date is",
        "3, Försäkringsnummer “N-1”: The expiry date is",
        "4, Gren “boat”: This must be one of motor, hom",
        "5, Premie “-1”: The amount cannot be negative.",
        "6, Startdatum “”: The cell is empty. Fill it i",
        "7, Försäkringsnummer “N-5”: A policy can be ca",
        "8, Försäkringsnummer “P-2024-000001”: The book",
        "9, Försäkringsnummer “N-6”: It appears in rows",
        "10, Försäkringsnummer “n-6”: It appears in row",
        "10, Försäkringstagare “" + "x" * 23,
    ]
