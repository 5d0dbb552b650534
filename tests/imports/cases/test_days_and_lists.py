from sqlalchemy import select

from flaskr.claims.models import Claim
from flaskr.extensions import db
from tests.imports.cases.doors import case

GOOD = "--good-rows"
JANUARY = "2024-01-31"


def loss_dates(app) -> dict[str, str]:
    """The loss date of each claim in the book."""
    with app.app_context():
        claims = db.session.scalars(select(Claim).order_by(Claim.id))
        return {each.claim_reference: str(each.loss_date) for each in claims}


def causes(app) -> dict[str, str]:
    """The cause of each claim in the book."""
    with app.app_context():
        claims = db.session.scalars(select(Claim).order_by(Claim.id))
        return {each.claim_reference: str(each.cause) for each in claims}


def test_10_a_midnight_is_its_day(door):
    door.bring(case(10))

    assert loss_dates(door.app) == {"MD1": "2024-01-05"}


def test_24_days_with_one_reading_are_read(door):
    said = door.bring(case(24), GOOD)

    assert loss_dates(door.app) == dict.fromkeys(["DF1", "DF2", "DF3", "DF4"], JANUARY)
    assert "Choose the order of days and months" in said


def test_other_forms_of_a_day(door, write):
    read = [
        *("31 januari 2024", "31-Jan-2024", "2024-1-31", "31.1.2024", "31/01/2024"),
        *("2024-01-31 00:00:00", "2024-01-31T00:00:00+01:00", "2024-01-30T23:00:00Z"),
    ]
    refused = ["1/2/2024", "01-02-2024", "31/1/24", "2024-01-31 13:45:00", "2024-01-31T00:00:00Z"]
    rows = "".join(f"R{at};{text};1\n" for at, text in enumerate((*read, *refused)))

    said = door.bring(write("days.csv", "claim_reference;loss_date;claim_cost\n" + rows), GOOD)

    assert loss_dates(door.app) == {f"R{at}": JANUARY for at in range(len(read))}
    assert "four digits" in said
    assert "has a time of day" in said


def test_the_days_of_a_policy_are_read_the_same_way(door, write):
    titles = "policy_number;line_of_business;inception_date;expiry_date;premium;deductible\n"
    rows = "H-1;Hem;1.2.2024;20250201;1;0\nH-2;home;1/2/2024;2025-02-01;1;0\n"

    said = door.bring(write("policies.csv", titles + rows), GOOD)

    assert "2024-02-01" in door.app.test_client().get("/policies/H-1").text
    assert "Choose the order of days and months" in said


def test_16_case_and_blanks_of_a_closed_list_do_not_matter(door):
    said = door.bring(case(16), GOOD)

    assert causes(door.app) == {"CL1": "fire", "CL2": "damage_to_others"}
    assert "This must be one of collision, glass, theft" in said


def test_swedish_words_hyphens_and_capitals_of_a_closed_list(door, write):
    words = {
        "VATTENSKADA": "water",
        "Damage-To-Others": "damage_to_others",
        "brand": "fire",
        "Stöld": "theft",
        " glas ": "glass",
        "Skadegörelse": "vandalism",
    }
    rows = "".join(f"R{at},{word},1\n" for at, word in enumerate(words))

    said = door.bring(write("causes.csv", f"skadenummer,Orsak,paid\n{rows}R9,inbrott,1\n"), GOOD)

    assert list(causes(door.app).values()) == list(words.values())
    assert "inbrott" in said


def test_a_control_letter_in_a_text_is_refused_by_name(door, write):
    rows = "W-1,a\x1b[31mb,1\nW-2,a\x07b,1\nW-3,a\tb,1\n"

    said = door.bring(write("texts.csv", f"claim_reference,description,paid\n{rows}"), GOOD)

    assert list(door.claims) == ["W-3"]
    assert "control letter (ESCAPE)" in said
    assert "control letter (BELL)" in said
