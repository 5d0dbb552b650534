import hashlib
import io
import json
from pathlib import Path

import openpyxl
import pytest

from tests.browsing import send
from tests.exports.golden import FORMS, load_golden, saved

pytestmark = pytest.mark.parametrize("book_settings", ["sqlite"], indirect=True)
CUT = "as_at=2024-03-31"  # known: paid 117850.70, outstanding 272100.05


@pytest.fixture
def book(session, client):
    """A client of the golden ledger's book."""
    load_golden()
    return client


def verified(runner, path: Path, *options: str) -> tuple[int, str]:
    done = runner.invoke(args=["exports", "verify", str(path), *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_each_form_is_equal_to_its_manifest(book, runner, tmp_path, form):
    path = saved(book, tmp_path, f"{CUT}&{FORMS[form]}")

    code, said = verified(runner, path)

    assert (code, said.splitlines()[-1]) == (0, "Everything is equal.")
    assert "rows         5\n" in said
    assert "paid         117850.70\noutstanding  272100.05\nclaim_cost   389950.75\n" in said


@pytest.mark.parametrize("contents", ["ledger", "policies"])
def test_files_of_the_ledger_and_of_policies_too(book, runner, tmp_path, contents):
    path = saved(book, tmp_path, "format=parquet", contents)

    code, said = verified(runner, path)

    assert code == 0, said


@pytest.mark.parametrize("query", ["columns=claim_reference", "columns=paid", "cost_from=9999999"])
@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl", "xlsx", "arrow"])
def test_a_file_of_some_columns_or_of_no_rows(book, runner, tmp_path, form, query):
    path = saved(book, tmp_path, f"format={form}&{query}")

    code, said = verified(runner, path)

    assert code == 0, said


@pytest.mark.parametrize("form", ["csv", "excel-sv", "jsonl"])
def test_an_amount_changed_by_an_ore_is_told_with_both_totals(book, runner, tmp_path, form):
    path = saved(book, tmp_path, f"{CUT}&{FORMS[form]}")
    before = path.read_bytes()
    path.write_bytes(before.replace(b"9899", b"9898", 1))

    code, said = verified(runner, path)

    assert code == 1
    assert "paid: manifest 117850.70, file 117849.70" in said
    assert f"file {hashlib.sha256(path.read_bytes()).hexdigest()}" in said
    assert "size:" not in said
    assert "rows:" not in said


@pytest.mark.parametrize("form", FORMS)
def test_a_changed_byte_is_told_in_each_form(book, runner, tmp_path, form):
    path = saved(book, tmp_path, f"{CUT}&{FORMS[form]}")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    code, said = verified(runner, path)

    assert code == 1
    assert "sha256: manifest" in said


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_was_cut_short_is_told_in_each_form(book, runner, tmp_path, form):
    path = saved(book, tmp_path, f"{CUT}&{FORMS[form]}")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])

    code, said = verified(runner, path)

    assert code == 1
    assert f"size: manifest {len(content)} bytes, file {len(content) * 2 // 3} bytes" in said


def test_a_file_of_another_kind_is_told_and_added_up_all_the_same(book, runner, tmp_path):
    csv = saved(book, tmp_path, f"{CUT}&format=csv")
    csv.write_bytes(book.get(f"/export_claims?{CUT}&format=parquet").data)

    code, said = verified(runner, csv)

    assert code == 1
    assert "format: manifest csv, file parquet" in said
    assert "paid:" not in said


def test_a_workbook_that_excel_saved_again_still_has_its_totals(book, runner, tmp_path):
    path = saved(book, tmp_path, f"{CUT}&format=xlsx")
    openpyxl.load_workbook(io.BytesIO(path.read_bytes())).save(path.with_suffix(".xlsx"))
    path.with_suffix(".xlsx").rename(path)

    code, said = verified(runner, path)

    assert code == 1
    assert "sha256: manifest" in said
    assert "rows:" not in said
    assert "paid:" not in said


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'"paid"\n1.00\n1.5\n', "file “1.5” in row 2, which is no amount"),
        (b'"paid"\n1e3\n', "file “1e3” in row 1, which is no amount"),
        (b'{"paid":"1.00"}\n{"paid":true}\n', "file “True” in row 2, which is no amount"),
        (b'{"paid":"1.00"}\n{"pay":"1.00"}\n', "begins as jsonl does, but cannot be read"),
    ],
)
def test_what_is_no_amount_is_told_with_its_row(book, runner, tmp_path, content, sentence):
    path = saved(book, tmp_path, f"{CUT}&format=csv&columns=paid")
    path.write_bytes(content)

    code, said = verified(runner, path)

    assert (code, sentence in said) == (1, True), said


def test_a_manifest_that_was_changed_is_told(book, runner, tmp_path):
    path = saved(book, tmp_path, f"{CUT}&format=csv")
    beside = tmp_path / "given.manifest.json"
    manifest = json.loads(beside.read_bytes())
    manifest["totals"]["paid"] = "117850.69"
    manifest["rows"] = 6
    beside.write_text(json.dumps(manifest))

    code, said = verified(runner, path)

    assert code == 1
    assert "paid: manifest 117850.69, file 117850.70" in said
    assert "rows: manifest 6, file 5" in said
    assert "sha256:" not in said


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "[" * 100_000, '{"file": {"size": "1"}}', b"\xff\xfe{"],
    ids=["empty", "list", "object", "deep", "wrong", "no-utf-8"],
)
def test_what_is_no_manifest_is_refused(book, runner, tmp_path, text):
    path = saved(book, tmp_path, "format=csv")
    other = tmp_path / "other.json"
    other.write_bytes(text if isinstance(text, bytes) else text.encode())

    code, said = verified(runner, path, "--manifest", str(other))

    assert code == 1
    assert "cannot be read as a manifest" in said


def test_a_manifest_that_is_too_large_is_refused(book, runner, tmp_path):
    path = saved(book, tmp_path, "format=csv")
    (tmp_path / "given.manifest.json").write_bytes(b" " * (1024 * 1024 + 1))

    assert "too large for a manifest" in verified(runner, path)[1]


def test_without_any_manifest_the_file_is_described_and_nothing_is_proved(book, runner, tmp_path):
    path = saved(book, tmp_path, f"{CUT}&format=csv")
    (tmp_path / "given.manifest.json").unlink()

    code, said = verified(runner, path)

    assert code == 1
    assert "paid         117850.70" in said
    assert "No manifest of this file is known" in said


def test_a_kept_export_proves_a_file_by_its_content_then_by_its_name(book, runner, tmp_path):
    send(book, f"/exports?{CUT}&format=csv", name="Q1")
    path = tmp_path / "Q1.csv"
    path.write_bytes(book.get("/exports/Q1").data)
    renamed = path.with_name("other.csv")
    renamed.write_bytes(path.read_bytes())
    path.write_bytes(path.read_bytes().replace(b"9899.95", b"9899.94"))

    by_content = verified(runner, renamed)
    by_name = verified(runner, path)

    assert by_content[0] == 0
    assert "kept export “Q1”, which has the same SHA-256." in by_content[1]
    assert by_name[0] == 1
    assert "kept export “Q1”, which has the same file name." in by_name[1]
    assert "paid: manifest 117850.70, file 117850.69" in by_name[1]
