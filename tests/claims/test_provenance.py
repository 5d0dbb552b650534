from datetime import date

from flaskr.claims.provenance import MigratedEntries, late_cover, migrated_entries
from flaskr.claims.queries import claim_by_reference
from flaskr.extensions import db
from flaskr.import_records.models import Import
from flaskr.values.calendar import today
from tests.claims.clocks import at
from tests.factories import make_claim, make_policy, reserve
from tests.imports.importing import GOLDEN, load_files
from tests.imports.uploading import page_text


def test_a_known_cut_says_how_many_entries_came_by_a_migration(session):
    load_files(*GOLDEN, is_migration=True)
    record = db.session.scalars(db.select(Import)).one()

    whole = migrated_entries(today())
    cut = migrated_entries(date(2023, 6, 14))
    before = migrated_entries(date(2022, 12, 31))

    assert whole == [MigratedEntries(1, record.recorded_at, record.entries, False)]
    assert cut == [MigratedEntries(1, record.recorded_at, 2, False)]
    assert before == []


def test_the_count_of_a_later_migration_is_bounded(session, monkeypatch):
    load_files(*GOLDEN, is_migration=True)
    monkeypatch.setattr("flaskr.claims.provenance.COUNTED_ROWS", 2)

    (found,) = migrated_entries(date(2024, 6, 30))

    assert (found.entries, found.is_more) == (2, True)


def test_the_totals_command_says_what_was_migrated(session, runner):
    load_files(*GOLDEN, is_migration=True)

    known = runner.invoke(args=["claims", "totals", "--as-at", "2023-06-14"]).output
    booked = runner.invoke(args=["claims", "totals", "--as-at", "2023-06-14", "--basis", "booked"])

    assert f"migrated    2 of the entries, by import 1 on {today()}" in known
    assert "migrated" not in booked.output


def test_lists_and_claims_show_what_was_migrated(client, session):
    load_files(*GOLDEN, is_migration=True)
    when = today().isoformat()

    known = page_text(client.get("/claims?as_at=2023-06-14"))
    booked = page_text(client.get("/claims?as_at=2023-06-14&basis=booked"))
    now = page_text(client.get("/claims"))
    claim = page_text(client.get("/claims/SK-2023-0001"))

    assert f"2 of its entries came by a migration on {when}" in known
    assert "migration" not in booked + now
    assert f"migrated {when}" in claim


def test_a_claim_says_that_its_policy_was_recorded_after_the_loss(client, session):
    with at("2024-02-29 12:00"):
        early = make_policy(policy_number="EARLY")
        make_claim(claim_reference="B", policy=early, loss_date=date(2024, 2, 29),
                   reported_date=date(2024, 2, 29))  # fmt: skip
        session.commit()
    with at("2024-03-05 12:00"):
        late = make_policy(policy_number="LATE")
        reserve(make_claim(claim_reference="A", policy=late), "1")
        make_claim(claim_reference="OUTSIDE", policy=late, loss_date=date(2023, 1, 1))
        make_claim(claim_reference="NO-LOSS", policy=late, loss_date=None)
        make_claim(claim_reference="NO-POLICY")
        session.commit()

    said = {name: late_cover(claim_by_reference(name)) for name in (
        "A", "B", "OUTSIDE", "NO-LOSS", "NO-POLICY",
    )}  # fmt: skip
    page = page_text(client.get("/claims/A"))

    sentence = "The policy was recorded on 2024-03-05, after the loss on 2024-03-01."
    assert said == {"A": sentence, "B": "", "OUTSIDE": "", "NO-LOSS": "", "NO-POLICY": ""}
    assert sentence in page
