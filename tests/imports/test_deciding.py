from tests.imports.uploading import claim_count, load, page_text, read_again, upload
from tests.optional import optional


def test_what_a_column_was_read_as_is_offered_for_the_next_file_with_the_same_titles(client):
    first = upload(client, ("a.csv", "Claim;Cost;Betyg\nA;5;x\n"))
    load(client, read_again(client, first, **{"column-0-2": ""}))

    again = upload(client, ("b.csv", "COST;betyg ;Claim\n6;y;B\n"))
    shown = read_again(client, again)

    assert "Choose… Leave out" in page_text(first)
    assert "as in import 1" in page_text(again)
    assert "1 row is new" in page_text(shown)


def test_an_unknown_column_without_a_value_needs_no_decision(sqlite_client, sqlite_app):
    shown = upload(sqlite_client, ("a.csv", "Claim;Cost;Extra\nA;5;\nB;6;\n"))
    load(sqlite_client, shown)

    assert "no value in the whole file: left out" in page_text(shown)
    assert claim_count(sqlite_app) == 2


def test_a_value_is_mapped_once_for_the_whole_file_and_kept_with_the_import(client, app):
    lines = "".join(f"A{at};{at};aska\n" for at in range(30))
    shown = upload(client, ("a.csv", f"Claim;Cost;Cause\n{lines}B;1;fire\n"))
    mapped = read_again(client, shown, **{"value-0-0": "other"})
    loaded = load(client, mapped)

    assert "30 rows: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 20 more Cause “aska”" in page_text(shown)
    assert "31 rows are new" in page_text(mapped)
    assert "Cause other for “aska”" in page_text(loaded)
    assert claim_count(app) == 31


def test_the_first_values_of_each_column_stand_beside_it(sqlite_client):
    page = upload(sqlite_client, ("a.csv", "Claim;Cost;Betyg\nA;5;x\nB;5;y\nC;5;x\nD;5;z\nE;5;q\n"))

    assert "Betyg x · y · z Choose…" in page_text(page)


def test_hidden_rows_are_held_until_somebody_takes_them(sqlite_client, sqlite_app, tmp_path):
    book = optional("openpyxl").Workbook()
    for row in (["Claim", "Cost"], ["A", 1], ["B", 2], ["C", 3]):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.save(tmp_path / "a.xlsx")
    shown = upload(sqlite_client, ("a.xlsx", (tmp_path / "a.xlsx").read_bytes()))
    taken = read_again(sqlite_client, shown, **{"hidden-0": "yes"})
    loaded = load(sqlite_client, taken)

    assert "The sheet hides this row" in page_text(shown)
    assert "3 rows are new" in page_text(taken)
    assert "Hidden rows taken by choice" in page_text(loaded)
    assert claim_count(sqlite_app) == 3


def test_what_would_settle_refusals_is_asked_before_the_button_that_loads(sqlite_client):
    lines = "A;1;05/01/2024;aska;x\x1by\nB;2;2024-02-01;fire;z\n"
    page = upload(sqlite_client, ("a.csv", f"Claim;Cost;Loss date;Cause;Description\n{lines}"))
    asked, _, rest = page_text(page).partition("Other columns and reading options")
    settled = read_again(
        sqlite_client,
        page,
        **{"day_order-0": "day first", "value-0-0": "other", "strip-0": "yes"},
    )

    assert "What do these mean?" in asked
    assert "Days such as 05/01/2024" in asked
    assert "Take control letters off texts" in asked
    assert "aska cause Choose…" in asked
    assert "Take rows that look like totals" in rest
    assert "Load the 1 valid row" in rest
    assert "2 rows are new" in page_text(settled)
    assert "What do these mean?" not in page_text(settled)


def test_options_that_settle_rows_behind_many_refusals_are_asked_too(sqlite_client):
    unknown = "".join(f"A-{at};1;2024-01-31;P-{at}\n" for at in range(250))
    rows = f"{unknown}B;1;05/01/2024;\n"
    page = upload(sqlite_client, ("a.csv", f"Claim;Cost;Loss date;Policy\n{rows}"))

    assert "Days such as 05/01/2024" in page_text(page).partition("Other columns")[0]


def test_a_file_whose_rows_are_all_refused_is_not_called_loaded(sqlite_client):
    page = upload(sqlite_client, ("a.csv", "Claim;Cost\nA;x\nB;y\n"))

    assert "There is nothing to load: all 2 rows are refused." in page_text(page)
    assert "already has everything" not in page_text(page)


def test_one_value_for_all_rows_is_offered_only_where_it_can_be_given(sqlite_client):
    no_key = upload(sqlite_client, ("a.csv", "Skadedatum;Belopp totalt\n2024-01-31;5\n"))
    no_line = (
        "policy_number;inception_date;expiry_date;premium;deductible\nP;2024-01-01;2025-01-01;1;1\n"
    )
    no_line_page = upload(sqlite_client, ("p.csv", no_line))

    assert "lacks claim reference. Choose this meaning for a column. " in page_text(no_key)
    assert "lacks line of business." in page_text(no_line_page)
    assert "or give one value for all rows." in page_text(no_line_page)
