from pathlib import Path

import pytest

from flaskr.exports.dictionary import FILE_COLUMNS
from flaskr.facts.closed_lists import Contents
from flaskr.imports.dry_run.reading.used_columns import file_columns
from flaskr.imports.loaded_columns import (
    CLAIMS,
    LAYOUTS,
    LEDGER,
    POLICIES,
    normalized_title,
    recognised_contents,
)
from flaskr.imports.tasks import FileToRead, ImportRefused


def columns(*titles, is_migration=False, **how):
    file = FileToRead(Path("x.csv"), "x.csv", "", 0, **how)
    return file_columns(file, titles, currency="SEK", is_migration=is_migration)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("claim_reference", "claim_reference"),
        ("Claim Reference", "claim_reference"),
        ("CLAIM  REFERENCE ", "claim_reference"),
        ("claimReference", "claim_reference"),
        ("Skadenummer", "claim_reference"),
        ("skade-nr.", "claim_reference"),
        ("Claim Cost", "claim_cost"),
        ("SKADEKOSTNAD", "claim_cost"),
        ("Försäkringsnummer", "policy_number"),
        ("fo\u0308rsa\u0308kringsnummer", "policy_number"),
        ("Skadedag", "loss_date"),
        ("Anmälningsdag", "reported_date"),
        ("Utbetalt", "paid"),
        ("Skadereserv", "outstanding"),
        ("Återvunnet", "recovered"),
        ("Orsak", "cause"),
        ("Beskrivning", "description"),
        ("Status", "status"),
        ("Belopp", None),
    ],
)
def test_a_title_is_recognised_in_english_and_swedish_in_any_case(title, name):
    assert CLAIMS.column_for(title, "SEK") == name


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.contents)
def test_no_title_belongs_to_two_columns(layout):
    called = [normalized_title(name) for name in layout.derived]
    for each in layout.fields:
        called += {normalized_title(title) for title in (each.name, *each.titles, each.label_sv)}

    assert sorted(called) == sorted(set(called))


@pytest.mark.parametrize("contents", list(Contents))
def test_our_own_files_are_recognised_with_every_column(contents):
    names = [column.name for column in FILE_COLUMNS[contents]]

    assert recognised_contents(names, "SEK") is contents
    assert [use.title for use in columns(*names).uses if not use.name] == []


@pytest.mark.parametrize(
    ("titles", "layout"),
    [
        (["Claim Reference", "Claim Cost"], CLAIMS),
        (["claim_reference"], CLAIMS),
        (["claim_reference", "policy_number", "loss_date", "reported_date"], CLAIMS),
        (["seq", "claim", "type", "txn_date", "recorded_at", "paid", "os", "rec"], LEDGER),
        (["policy_number", "line_of_business", "inception_date", "expiry_date"], POLICIES),
        (["Ref", "policy", "loss_date", "cause", "claim_cost"], CLAIMS),
        (["claim", "type", "date of loss", "paid", "os", "rec"], CLAIMS),
        (["Försäkringsnummer", "Gren", "Startdatum", "Slutdatum", "Premie"], POLICIES),
    ],
)
def test_the_contents_of_a_file_are_recognised_by_its_columns(titles, layout):
    assert recognised_contents(titles, "SEK") is layout.contents


def test_a_file_without_a_known_column_is_refused_with_the_known_names():
    with pytest.raises(
        ImportRefused, match="no column of this file is recognised.*claim_reference"
    ):
        columns("a", "b")


def test_unrecognised_columns_are_mapped_by_hand_or_stay_undecided():
    found = columns(
        "Ref", "Belopp", "status", "Notes", "paid", columns={"Ref": "claim_reference", "paid": ""}
    )

    assert found.titles == {"claim_reference": "Ref"}
    assert [(use.title, use.is_loaded, use.note) for use in found.uses] == [
        ("Ref", True, ""),
        ("Belopp", False, "not decided"),
        ("status", False, "follows from the ledger"),
        ("Notes", False, "not decided"),
        ("paid", False, "left out"),
    ]
    assert found.missing == ("claim_cost",)
    assert found.undecided == ("Belopp", "Notes")


def test_references_alone_are_not_enough_but_a_constant_or_any_fact_is():
    assert columns("claim_reference").missing == ("claim_cost",)
    assert columns("claim_reference", constants={"loss_date": "2024-01-01"}).missing == ()
    assert columns("claim_reference", "cause").missing == ()
    assert columns("claim_reference", is_migration=True).missing == ()


def test_a_constant_fills_a_missing_column_and_never_replaces_the_files_own():
    titles = ("policy_number", "line_of_business", "inception_date", "expiry_date", "premium")

    lacking = columns(*titles)
    given = columns(*titles, constants={"deductible": "0", "premium": "5"})

    assert lacking.missing == ("deductible",)
    assert (given.missing, given.constants) == ((), {"deductible": "0"})
    assert given.notes == (
        "The value of premium for all rows was left out: the column premium has values.",
    )


@pytest.mark.parametrize(
    ("titles", "how", "refusal"),
    [
        (
            ("Claim Reference", "claim_reference", "paid"),
            {},
            "the columns Claim Reference and claim_reference both mean claim_reference. Leave one",
        ),
        (
            ("claim", "paid", "Belopp"),
            {"columns": {"Belopp": "paid"}},
            "the columns paid and Belopp both mean paid",
        ),
        (("claim", "paid"), {"columns": {"Belopp": "paid"}}, "x.csv has no column Belopp"),
        (
            ("claim", "paid"),
            {"columns": {"paid": "premium"}},
            "paid cannot be premium: a file of claims has claim_reference, policy_number, ",
        ),
        (
            ("claim", "paid"),
            {"constants": {"claim_reference": "A"}},
            "claim_reference cannot have one value",
        ),
        (
            ("claim", "paid"),
            {"constants": {"premium": "1"}},
            "premium cannot have one value",
        ),
    ],
)
def test_an_invalid_mapping_is_refused(titles, how, refusal):
    with pytest.raises(ImportRefused) as refused:
        columns(*titles, **how)

    assert refusal in str(refused.value)


def test_one_of_two_columns_with_the_same_meaning_can_be_left_out():
    found = columns("Claim Reference", "claim_reference", "paid", columns={"claim_reference": ""})

    assert found.titles == {"claim_reference": "Claim Reference", "paid": "paid"}


def test_only_a_migration_has_instants_and_takes_its_amounts_from_the_ledger():
    titles = ("claim_reference", "recorded_at", "paid", "loss_date")

    today = columns(*titles)
    older = columns(*titles, is_migration=True)

    assert set(today.titles) == {"claim_reference", "paid", "loss_date"}
    assert today.uses[1].note == "loaded only in a migration"
    assert set(older.titles) == {"claim_reference", "recorded_at", "loss_date"}
    assert older.uses[2].note == "taken from the ledger in a migration"
