from datetime import date
from decimal import Decimal

from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.services import close_claim
from flaskr.claims.queries import claim_by_reference, claim_totals, entries_of
from flaskr.extensions import db
from flaskr.facts.closed_lists import EntryType, ReasonCode
from flaskr.values.calendar import today
from tests.factories import ACTOR, make_claim, make_policy, pay, recover, reserve
from tests.imports.importing import COSTS, counts

REFUSED = [
    (["A-2", "-5"], "Claim Cost “-5”: The amount cannot be negative."),
    (["A-3", ""], "Claim Cost “”: The cell is empty. Fill it in."),
    (["", "5"], "Claim Reference “”: The cell is empty. Fill it in."),
    (["A-4", "NaN"], "Claim Cost “NaN”: “NaN” is not an amount"),
    (["A-5", "1e3"], "Claim Cost “1e3”: “1e3” is not an amount"),
    (["A-6", "0.125"], "Claim Cost “0.125”: An amount has at most two decimals"),
    (["A-7", "1,234"], "Claim Cost “1,234”: “1,234” can be 1234 or"),
    (["A-8", "1" + 13 * "0"], "One entry can move at most"),
    (["A?9", "5"], "Claim Reference “A?9”: A reference cannot contain any of"),
    (["C-2026-000001", "5"], "Claim Reference “C-2026-000001”: The book assigns such"),
    (
        ["a-1", "5"],
        "Claim Reference “a-1”: It appears in rows 2, 12. Add the amounts up in one row;",
    ),
]


def moves(reference: str) -> list[tuple]:
    return [
        (entry.entry_type, entry.paid, entry.outstanding, entry.recovered)
        for entry in entries_of(claim_by_reference(reference))
    ]


def test_each_new_row_is_an_incomplete_claim_with_its_cost_outstanding(importing):
    importing.load(COSTS, ["A-1", "100.5"])

    claim = claim_by_reference("A-1")
    [entry] = entries_of(claim)
    assert (claim.policy_id, claim.loss_date, claim.reported_date) == (None, None, None)
    assert (claim.cause, claim.description, claim.version) == (None, "", 1)
    assert (entry.entry_type, entry.outstanding) == (EntryType.IMPORT_OPENING, Decimal("100.50"))
    assert (entry.transaction_date, entry.paid, entry.imported_at) == (today(), 0, None)
    assert entry.recorded_at == claim.recorded_at
    assert list(disagreements()) == []


def test_a_claim_without_a_cost_has_no_entry(importing):
    importing.load(COSTS, ["A-1", "0"])

    claim = claim_by_reference("A-1")
    assert (claim.claim_cost, entries_of(claim), claim.last_transaction_date) == (0, [], None)


def test_text_amounts_blank_rows_and_numeric_references_are_accepted(importing):
    rows = ([123, "12 345,50"], [None, None], ["  ", ""], ["00123", 7], ["A", 0.1])

    found = importing.dry_run(COSTS, *rows, name="costs.xlsx")

    [file] = found.files
    assert [(row.row, row.name, row.after["outstanding"]) for row in file.classes[0].first] == [
        (2, "123", "12345.50"),
        (5, "00123", "7.00"),
        (6, "A", "0.10"),
    ]
    assert (file.rows, file.rows_of("created").amounts["claim_cost"]) == (3, "12352.60")


def test_a_changed_cost_posts_the_difference_and_overwrites_nothing(importing):
    importing.load(COSTS, ["A-1", 100], ["A-2", 50])

    found = importing.load(COSTS, ["a-1", "130.25"], ["A-2", "20"], ["A-3", 1])

    changed = found.files[0].rows_of("changed")
    assert (counts(found), found.entries) == ((1, 2, 0, 0), 3)
    assert changed.amounts == {
        **{"claim_cost": "0.25", "paid": "0.00", "outstanding": "0.25", "recovered": "0.00"}
    }
    assert [(row.name, dict(row.before), dict(row.after)) for row in changed.first] == [
        ("A-1", {"outstanding": "100.00"}, {"outstanding": "130.25"}),
        ("A-2", {"outstanding": "50.00"}, {"outstanding": "20.00"}),
    ]
    assert moves("A-1") == [
        (EntryType.IMPORT_OPENING, 0, Decimal("100.00"), 0),
        (EntryType.ADJUSTMENT, 0, Decimal("30.25"), 0),
    ]
    assert moves("A-2")[1] == (EntryType.ADJUSTMENT, 0, Decimal("-30.00"), 0)
    codes = [entry.reason_code for entry in entries_of(claim_by_reference("A-1"))]
    assert codes == [None, ReasonCode.IMPORT_SENT_AGAIN]
    assert claim_by_reference("A-1").version == 1
    assert list(disagreements()) == []


def test_the_cost_of_a_claim_is_what_is_paid_and_outstanding_together(importing):
    claim = make_claim(claim_reference="A-1", policy=make_policy())
    reserve(claim, "100.00")
    pay(claim, "40.00")

    same = importing.dry_run(COSTS, ["A-1", 100])
    more = importing.load(COSTS, ["A-1", 110])

    claim = claim_by_reference("A-1")
    assert (counts(same), counts(more)) == ((0, 0, 1, 0), (0, 1, 0, 0))
    assert (claim.paid, claim.outstanding) == (Decimal("40.00"), Decimal("70.00"))


def test_a_claim_with_its_first_cost_gets_an_opening_and_one_with_a_ledger_an_adjustment(importing):
    make_claim(claim_reference="A-1")
    reserve(make_claim(claim_reference="A-2"), "5.00")

    importing.load(COSTS, ["A-1", 10], ["A-2", 10])

    assert moves("A-1") == [(EntryType.IMPORT_OPENING, 0, Decimal("10.00"), 0)]
    assert moves("A-2")[1] == (EntryType.ADJUSTMENT, 0, Decimal("5.00"), 0)


def test_an_invalid_row_is_refused_by_row_column_and_value(dry_runs):
    found = dry_runs.dry_run(COSTS, ["A-1", 1], *(row for row, _ in REFUSED))

    said = {row: str(refusal) for refusal in found.refusals for row in refusal.rows}
    assert counts(found) == (0, 0, 0, len(REFUSED) + 1)
    for number, (_, refusal) in enumerate(REFUSED, 3):
        assert refusal.replace("rows 2, 12", f"rows 2, {len(REFUSED) + 2}") in said[number]
    assert said[2].startswith("claims.csv, row 2, Claim Reference “A-1”: It appears in rows 2,")


def test_the_amounts_of_refused_rows_are_summed_where_readable(dry_runs):
    found = dry_runs.dry_run(COSTS, ["A-1", 1], ["A-1", 2], ["B?C", 40], ["D", "x"], ["E", 5])

    assert found.files[0].rows_of("refused").amounts == {"claim_cost": "43.00"}
    assert found.files[0].rows_of("created").amounts["claim_cost"] == "5.00"


def test_a_cost_below_what_is_paid_is_refused(importing):
    claim = make_claim(claim_reference="A-1", policy=make_policy())
    reserve(claim, "100.00")
    pay(claim, "40.00")
    recover(claim, "5.00")

    [refusal] = importing.refusals(COSTS, ["A-1", 39])

    assert refusal == (
        "claims.csv, row 2, Claim Cost “39.00”: This is less than what is paid or outstanding of "
        "it. Correct one of them."
    )


def test_nothing_can_be_outstanding_on_a_closed_claim_but_its_own_cost_is_unchanged(importing):
    for reference in ("A-1", "A-2"):
        claim = make_claim(claim_reference=reference, policy=make_policy())
        reserve(claim, "10.00")
        pay(claim, "10.00", date(2024, 5, 1))
        close_claim(claim, date(2024, 5, 1), actor=ACTOR)

    found = importing.dry_run(COSTS, ["A-1", 12], ["A-2", 10])

    assert (counts(found), found.refusals[0].text) == (
        (0, 0, 1, 1),
        "Nothing can be outstanding on a closed claim.",
    )


def test_a_cost_without_cover_can_be_lowered_but_not_raised(importing):
    for reference in ("A-1", "A-2"):
        claim = make_claim(claim_reference=reference)
        reserve(claim, "10.00")
        claim.policy_id = make_policy(inception_date=date(2024, 6, 1)).id
    db.session.commit()
    db.session.expire_all()

    found = importing.load(COSTS, ["A-1", 4], ["A-2", 11], leaves_refused=True)

    assert (counts(found), claim_totals().claim_cost) == ((0, 1, 0, 1), Decimal("14.00"))
    assert "and the loss was on 2024-03-01. So no more indemnity can be reserved" in str(
        found.refusals[0]
    )
    db.session.rollback()


def test_a_reference_may_have_any_punctuation(importing):
    marked = ["'; --", 'a"b', "100%", ":x", "{y}", "$z", "[é]", "a  b", "ß"]
    importing.load(COSTS, *([reference, 5] for reference in marked))

    again = importing.dry_run(COSTS, *([reference.upper(), 5] for reference in marked))

    assert counts(again) == (0, 0, len(marked), 0)
    assert {claim_by_reference(reference).claim_cost for reference in marked} == {5}
