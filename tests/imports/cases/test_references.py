from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from flaskr.extensions import db
from flaskr.facts.closed_lists import LineOfBusiness
from flaskr.policies.models import Policy
from flaskr.values.text import reference_key
from tests.factories import make_claim, make_policy
from tests.imports.cases.doors import case
from tests.imports.importing import counts
from tests.optional import optional

GOOD = "--good-rows"
FACTS = "line_of_business,inception_date,expiry_date,premium,deductible"
TURNED = "Format the column as text"


def kept_claim(reference: str, **facts: str) -> None:
    """A claim with texts that an earlier version accepted."""
    claim = make_claim()
    claim.claim_reference, claim.claim_reference_key = reference, reference_key(reference)
    for name, value in facts.items():
        setattr(claim, name, value)
    db.session.flush()


def kept_policy(number: str, policyholder: str = "") -> None:
    """A policy with texts that an earlier version accepted."""
    policy = make_policy(
        line_of_business=LineOfBusiness.HOME,
        inception_date=date(2024, 1, 1),
        expiry_date=date(2025, 1, 1),
        premium=Decimal(100),
        deductible=Decimal(0),
    )
    policy.policy_number, policy.policy_number_key = number, reference_key(number)
    policy.policyholder = policyholder
    db.session.flush()


def policy_numbers(app) -> list[str]:
    """The numbers of the policies in the book."""
    with app.app_context():
        return list(db.session.scalars(select(Policy.policy_number).order_by(Policy.id)))


def policies_of(*numbers: str) -> str:
    """A file of policies with these numbers."""
    rows = (f'"{each}",home,2024-01-01,2025-01-01,100,0' for each in numbers)
    return "\n".join((f"policy_number,{FACTS}", *rows))


def test_05_the_text_of_a_formula_is_the_reference(door):
    door.bring(case(5))

    assert door.claims == {"00123": ("100.50", "200.00")}


def test_formulas_of_texts_are_policy_numbers_days_and_amounts_too(door, write):
    claims = 'claim_reference,policy_number,loss_date,paid\n"=""7""","=""P-1""","=""2024-01-05""",'
    door.bring(write("claims.csv", claims + '"=""1,50"""\n="00008",P-2,2024-01-05,1\n'))
    door.bring(write("policies.csv", policies_of('=""0099""', '=""P-1""')))

    assert door.claims == {"7": ("1.50", "0.00"), "00008": ("1.00", "0.00")}
    assert policy_numbers(door.app) == ["P-1", "P-2", "0099"]


def test_06_a_reference_turned_into_a_float_is_refused(door):
    with door.app.app_context():
        make_claim(claim_reference="1001")
        db.session.commit()

    said = door.bring(case(6), GOOD)

    assert "turned a number or a text into the number 1001.0" in said
    assert TURNED in said
    assert door.claims == {"1001": ("0.00", "0.00")}


def test_18_a_reference_turned_into_a_day_is_refused(door):
    said = door.bring(case(18), GOOD)

    assert "into the day 2024-03-01" in said
    assert "2024-03-01" not in door.claims


def test_19_a_reference_whose_digits_are_lost_is_refused(door):
    said = door.bring(case(19), GOOD)

    assert "1.23457E+11" in said
    assert TURNED in said
    assert door.claims == {}


def test_other_references_that_a_spreadsheet_made_are_refused(door, write):
    turned = ["1,23E+05", "1e+16", "7,0", "2024-03-01 00:00:00", "1/3/2024", "01-mar", "Mar-24"]
    kept = ["12E4", "APR-24", "2024/12", "1.10", "2024-03", "01-03"]
    rows = "".join(f'"{each}";1\n' for each in (*turned, *kept))

    said = door.bring(write("claims.csv", "claim_reference;claim_cost\n" + rows), GOOD)

    assert list(door.claims) == kept
    assert all(each in said for each in turned)


def test_policy_numbers_that_a_spreadsheet_made_are_refused(door, write):
    said = door.bring(write("policies.csv", policies_of("2001.0", "2E+11", "2024-03-01")), GOOD)
    told = door.bring(write("claims.csv", "claim_reference,policy_number\nW-1,2001.0\n"), GOOD)

    assert all(each in said for each in ("2001.0", "2E+11", "2024-03-01", TURNED))
    assert TURNED in told
    assert policy_numbers(door.app) == ["P-1", "P-2"]
    assert door.claims == {}


def test_17_a_letter_that_cannot_be_seen_is_refused_by_name(door):
    said = door.bring(case(17), GOOD)

    assert "cannot be seen (ZERO WIDTH SPACE) after “IV1”" in said
    assert door.claims == {"IV1": ("0.00", "100.00")}


def test_every_letter_that_cannot_be_seen_is_refused(door, write):
    hidden = ["V\u00ad1", "V\u20601", "\ufeffV1", "V\u00a01", "V\u20091", "V1\u200d", "V1\ufe0f"]
    text = "claim_reference,claim_cost\nV1,1\n" + "".join(f'"{each}",1\n' for each in hidden)

    said = door.bring(write("claims.csv", text), GOOD)
    policies = door.bring(write("policies.csv", policies_of("H\u200b1", "H1")), GOOD)

    assert list(door.claims) == ["V1"]
    assert all(name in said for name in ("SOFT HYPHEN", "WORD JOINER", "NO-BREAK SPACE"))
    assert "ZERO WIDTH SPACE" in policies
    assert policy_numbers(door.app) == ["P-1", "P-2", "H1"]


def test_what_the_book_has_already_comes_back_as_nothing_to_change(importing):
    old = ["IV1\u200b", "a\u00a0b", "1001.0", "1E+05", "2024-03-01", '="00123"']
    for reference in old:
        kept_claim(reference, event_code="E\u00ad1", description="a\x1bb")
        kept_policy(reference)

    titles = ("claim_reference", "policy_number", "event_code", "description", "paid")
    claims = importing.dry_run(titles, *((each, "", "E\u00ad1", "a\x1bb", "0") for each in old))
    on_policies = importing.dry_run(titles[:2], *(("N-" + str(at), old[at]) for at in range(6)))

    assert counts(claims) == (0, 0, 6, 0)
    assert counts(on_policies) == (6, 0, 0, 0)


def test_policies_that_the_book_has_already_come_back_as_nothing_to_change(importing):
    old = ["H\u200b1", "7.0", '="01"']
    for number in old:
        kept_policy(number, policyholder="Åsa\x1b Ek")

    facts = ("home", "2024-01-01", "2025-01-01", "100", "0")
    titles = ("policy_number", "policyholder", *FACTS.split(","))
    found = importing.dry_run(titles, *((each, "Åsa\x1b Ek", *facts) for each in old))

    assert counts(found) == (0, 0, 3, 0)


def test_a_value_that_only_another_row_of_the_book_has_is_refused(importing):
    kept_claim("W-1", description="a\x1bb", event_code="E\u00ad1")
    make_claim(claim_reference="W-2")

    said = importing.refusals(
        ("claim_reference", "description", "event_code"), ("W-2", "a\x1bb", "E\u00ad1")
    )

    assert len(said) == 2
    assert "ESCAPE" in said[0]
    assert "SOFT HYPHEN" in said[1]


def test_a_formula_and_its_text_in_one_file_are_one_reference(importing):
    found = importing.dry_run(("claim_reference", "paid"), ('="01"', "1"), ("01", "2"))

    assert counts(found) == (0, 0, 0, 2)


def test_23_a_reference_with_a_slash_comes_in_and_is_addressed(door):
    door.bring(case(23))

    page = door.app.test_client().get("/claims/2024~s0012")
    assert door.claims == {"2024/0012": ("0.00", "100.00")}
    assert page.status_code == 200
    assert 'href="/claims/2024~s0012/edit"' in page.text


def test_policies_with_slashes_and_tildes_come_in_and_are_found(door, write):
    door.bring(write("policies.csv", policies_of("2024/7", "a~s/b")))
    door.bring(write("claims.csv", "claim_reference,policy_number\na/b/c,2024/7\nx~t,a~s/b\n"))

    client = door.app.test_client()
    assert client.get("/policies/2024~s7").status_code == 200
    assert client.get("/policies/a~ts~sb").status_code == 200
    assert client.get("/find?number=a/b/c").headers["Location"] == "/claims/a~sb~sc"
    assert client.get("/claims/x~tt").status_code == 200


def test_a_reference_with_a_backslash_or_a_question_mark_is_refused(door, write):
    said = door.bring(write("claims.csv", "claim_reference,paid\na?b,1\na\\b,1\n#1,1\n"), GOOD)

    assert "cannot contain any of" in said
    assert door.claims == {}


def test_words_that_programs_write_for_an_empty_cell_are_no_references(door, write):
    words = ["nan", "NaN", "NULL", "None", "NaT", "<NA>", "n/a"]
    lines = "".join(f"{word};{at}\n" for at, word in enumerate(words))

    said = door.bring(write("a.csv", f"claim;paid\nNancy;1\nNone-1;2\n{lines}"), GOOD)

    assert "A program wrote NULL for an empty cell. Enter the reference." in said
    assert set(door.claims) == {"Nancy", "None-1"}


def test_a_number_with_more_zeros_than_an_amount_is_turned_too(door, write):
    said = door.bring(write("a.csv", "claim;paid\n1001.000;1\n1002,0000;2\n"))

    assert "turned a number or a text into the number 1001.000" in said
    assert door.claims == {}


@pytest.mark.parametrize("code", ["00000", "0000-0000", '"C-"0', "\\S0"])
def test_a_reference_that_the_sheet_shows_with_more_than_it_has_is_refused(door, tmp_path, code):
    workbook = optional("openpyxl").Workbook()
    sheet = workbook.active
    for row in (["claim", "paid"], [12, 5], ["00013", 6]):
        sheet.append(row)
    for place in ("A2", "A3", "B2"):
        sheet[place].number_format = code
    workbook.save(tmp_path / "a.xlsx")

    said = door.bring(tmp_path / "a.xlsx", GOOD)

    assert "shows this reference with zeros or letters that its cell does not have" in said
    assert door.claims == {"00013": ("6.00", "0.00")}
