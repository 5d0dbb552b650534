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
