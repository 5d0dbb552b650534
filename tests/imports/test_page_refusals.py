"""Uploads and steps that are refused get a message, and nothing is written."""

import io
from dataclasses import replace

import pytest

from flaskr.imports.forms import base_name
from flaskr.imports.services import jobs_folder
from tests.browsing import fields_of
from tests.imports.uploading import (
    FILES,
    claim_count,
    job_of,
    page_text,
    upload,
)

GOOD = "Claim Reference;Claim Cost\nA;1\nB;2\n"


def folders(app) -> int:
    with app.app_context():
        return len(list(jobs_folder().glob("*")))


@pytest.mark.parametrize(
    ("files", "typed", "sentence"),
    [
        ((), {}, "Choose a file."),
        ((("a/", b"x"),), {}, "The file has no name."),
        ((("a.csv", b"x"), ("b.csv", b"x")), {}, "Upload one at a time."),
        (tuple((f"{n}.csv", b"x") for n in range(4)), {"kind": "migration"}, "at most three files"),
        ((("a.csv", b"x"),), {"encoding": "utf-7"}, "Choose one from the list."),
        ((("a.csv", b"x"),), {"kind": "book"}, "Choose one from the list."),
    ],
)
def test_an_invalid_upload_is_refused_in_the_form(
    sqlite_client, sqlite_app, files, typed, sentence
):
    answer = upload(sqlite_client, *files, **typed)

    assert (answer.status_code, sentence in page_text(answer)) == (422, True)
    assert folders(sqlite_app) == 0


def test_an_upload_without_its_csrf_token_is_refused(sqlite_client, sqlite_app):
    answer = sqlite_client.post("/import_claims", data={"files": (io.BytesIO(b"x"), "x.csv")})

    assert (answer.status_code, "has expired" in answer.text) == (400, True)
    assert folders(sqlite_app) == 0


def test_a_file_over_the_limit_is_refused_alone_and_among_others(make_app, embedded_settings):
    app = make_app(replace(embedded_settings, import_bytes=100_000, max_request_bytes=50_000))
    client = app.test_client()

    taken = upload(client, ("a.csv", GOOD + "\n" * 90_000))
    over = upload(client, ("a.csv", GOOD + "\n" * 100_000))
    far_over = upload(client, ("a.csv", b"x" * 500_000))

    assert "2 rows are new" in page_text(taken)
    assert (over.status_code, "Split it." in page_text(over)) == (413, True)
    assert (
        far_over.status_code,
        "Files over 100.0 kB cannot be imported" in page_text(far_over),
    ) == (
        413,
        True,
    )
    assert "flask import" in page_text(far_over)
    assert folders(app) == 1


# Werkzeug then leaves its temporary file to the garbage collector, which deletes it.
@pytest.mark.filterwarnings("ignore:Exception ignored in", "ignore:Unclosed file")
def test_an_interrupted_upload_leaves_nothing(sqlite_client, sqlite_app):
    token = fields_of(sqlite_client.get("/import_claims"))["csrf_token"]
    body = (
        f'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
        '--b\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\nA;'
    ).encode()

    for length in (len(body), len(body) + 1000):
        answer = sqlite_client.post(
            "/import_claims",
            input_stream=io.BytesIO(body),
            content_length=length,
            content_type="multipart/form-data; boundary=b",
        )
        assert 400 <= answer.status_code < 500
    assert folders(sqlite_app) == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\u202eb\tc.csv", "a\ufffdb\ufffdc.csv"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
        ("<b>.csv", "<b>.csv"),
    ],
)
def test_folders_are_removed_from_a_file_name(sqlite_client, sqlite_app, sent, kept):
    shown = upload(sqlite_client, (sent, GOOD))

    assert [file.name for file in job_of(sqlite_app, shown).files] == [kept]
    assert "<b>" not in shown.text


def test_folders_are_removed_from_a_windows_path():
    assert base_name("C:\\Users\\Åsa\\skador.csv") == "skador.csv"


FAULTS = {
    "missing column": ("Claim Reference\nA\n", "lacks claim cost"),
    "duplicate": (
        "Claim Reference;Claim Cost\nA;1\na;2\n",
        "It appears in rows 2, 3. Add the amounts up",
    ),
    "negative": ("Claim Reference;Claim Cost\nA;-1\n", "The amount cannot be negative."),
    "empty": ("Claim Reference;Claim Cost\nA;\n", "The cell is empty. Fill it in."),
    "not a number": ("Claim Reference;Claim Cost\nA;NaN\n", "“NaN” is not an amount"),
    "an exponent": ("Claim Reference;Claim Cost\nA;1e3\n", "“1e3” is not an amount"),
    "two meanings": ("Claim Reference;Claim Cost\nA;1,234\n", "Write it as 1234.00 if it is 1234."),
    "duplicate header": ("Claim;claim\nA;1\n", "Two columns are named “Claim” and “claim”."),
    "unknown policy": ("Claim;Policy;Cost\nA;H;1\n", "The policy is not in the book."),
    "other currency": (
        "Claim;Cost;Currency\nA;1;EUR\n",
        "Amounts must be in the book's currency, SEK.",
    ),
    "unclosed quote": ('Claim;Cost\n"A;1\n', "Line 2"),
    "a NUL": ("Claim;Cost\nA\0;1\n", "NUL byte"),
    "nothing": ("", "The file is empty."),
    "10,000 columns": (";".join(map(str, range(10_000))), "over 200"),
    "broken workbook": (b"PK\x03\x04" + b"\0" * 200, "workbook"),
    "broken Parquet": (b"PAR1" + b"\0" * 200 + b"PAR1", "parquet"),
}


@pytest.mark.parametrize(("content", "sentence"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_on_the_page_and_nothing_can_be_loaded(
    sqlite_client, sqlite_app, content, sentence
):
    page = upload(sqlite_client, ("faulty", content))

    is_refused_whole = "cannot be imported as is" in page_text(page)
    assert page.status_code == (422 if is_refused_whole else 200)
    assert sentence in page_text(page)
    assert "Load " not in page_text(page).replace("Load the 0 valid rows", "")
    assert claim_count(sqlite_app) == 0


def test_amounts_blank_rows_and_numeric_references_are_accepted(sqlite_client):
    text = "Claim Reference;Claim Cost\n00123;12 345,50\n;\n123;1\n"

    shown = upload(sqlite_client, ("a.csv", text))

    assert "created 2 12 346.50" in page_text(shown)
    assert "2 00123 0.00 12 345.50" in page_text(shown)


def test_markup_in_a_file_is_escaped(sqlite_client):
    attack = "<script>alert(1)</script>"

    shown = upload(sqlite_client, (f"{attack}.csv", f"Claim;Cost;{attack}\n{attack};{attack};1\n"))

    assert "<script>" not in shown.text
    assert "&lt;script&gt;" in shown.text


def test_a_refused_migration_names_the_file_at_fault(sqlite_client):
    ledger = (FILES / "golden" / "ledger.csv").read_bytes()

    page = upload(
        sqlite_client,
        ("ledger.csv", ledger),
        ("claims.csv", "skadenummer;orsak\nÅ;\n".encode("cp1252")),
        kind="migration",
    )

    assert "claims.csv: Line 2 is not UTF-8." in page_text(page)
    assert 'name="encoding-1" value="cp1252"' in page.text


def test_the_first_refusals_are_shown_and_the_file_has_all(sqlite_client):
    rows = "".join(f"R-{at};x{at}\n" for at in range(250))

    page = upload(sqlite_client, ("a.csv", f"claim;cost\n{rows}"))
    with sqlite_client.get(f"{page.request.path}/refused/0.csv") as answer:
        lines = answer.get_data(as_text=True).splitlines()

    assert "R-199" not in page_text(page)
    assert page_text(page).count("is not an amount") == 200
    assert "And 50 more reasons; the file of refused rows has all of them." in page_text(page)
    assert len(lines) == 251
    assert "There is nothing to load: all 250 rows are refused." in page_text(page)
