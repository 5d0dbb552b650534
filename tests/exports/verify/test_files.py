import hashlib
import io
import json

import pytest

from tests.browsing import send
from tests.exports.golden import FORMS
from tests.optional import optional

AS_AT = "as_at=2024-03-31"  # known: paid 117850.70, outstanding 272100.05


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_each_format_is_equal_to_its_manifest(golden_book, tmp_path, form):
    path = golden_book.saved(tmp_path, f"{AS_AT}&{FORMS[form]}")

    code, said = golden_book.verified(path)

    assert (code, said.splitlines()[-1]) == (0, "Everything is equal.")
    assert "rows         5\n" in said
    assert "paid         117850.70\noutstanding  272100.05\nclaim_cost   389950.75\n" in said


@pytest.mark.parametrize("contents", ["ledger", "policies"])
def test_files_of_the_ledger_and_of_policies_are_equal_to_their_manifests(
    golden_book, tmp_path, contents
):
    path = golden_book.saved(tmp_path, "format=parquet", contents)

    code, said = golden_book.verified(path)

    assert code == 0, said


@pytest.mark.parametrize("query", ["columns=claim_reference", "columns=paid", "cost_from=9999999"])
@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl", "xlsx", "arrow"])
def test_a_file_of_some_columns_or_of_no_rows_is_equal_to_its_manifest(
    golden_book, tmp_path, form, query
):
    path = golden_book.saved(tmp_path, f"format={form}&{query}")

    code, said = golden_book.verified(path)

    assert code == 0, said


@pytest.mark.parametrize("form", ["csv", "excel-sv", "jsonl"])
def test_an_amount_changed_by_an_ore_is_shown_with_both_totals(golden_book, tmp_path, form):
    path = golden_book.saved(tmp_path, f"{AS_AT}&{FORMS[form]}")
    before = path.read_bytes()
    path.write_bytes(before.replace(b"9899", b"9898", 1))

    code, said = golden_book.verified(path)

    assert code == 5
    assert "paid: manifest 117850.70, file 117849.70" in said
    assert f"file {hashlib.sha256(path.read_bytes()).hexdigest()}" in said
    assert "size:" not in said
    assert "rows:" not in said


@pytest.mark.parametrize("form", FORMS)
def test_a_changed_byte_is_a_difference_in_each_format(golden_book, tmp_path, form):
    path = golden_book.saved(tmp_path, f"{AS_AT}&{FORMS[form]}")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    code, said = golden_book.verified(path)

    assert code == 5
    assert "sha256: manifest" in said


@pytest.mark.parametrize("form", FORMS)
def test_a_truncated_file_is_a_difference_in_each_format(golden_book, tmp_path, form):
    path = golden_book.saved(tmp_path, f"{AS_AT}&{FORMS[form]}")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])

    code, said = golden_book.verified(path)

    assert code == 5
    assert f"size: manifest {len(content)} bytes, file {len(content) * 2 // 3} bytes" in said


def test_a_file_in_another_format_is_a_difference_and_is_totalled_anyway(golden_book, tmp_path):
    csv = golden_book.saved(tmp_path, f"{AS_AT}&format=csv")
    csv.write_bytes(golden_book.client.get(f"/export_claims?{AS_AT}&format=parquet").data)

    code, said = golden_book.verified(csv)

    assert code == 5
    assert "format: manifest csv, file parquet" in said
    assert "paid:" not in said


def test_a_workbook_that_excel_saved_again_still_has_its_totals(golden_book, tmp_path):
    path = golden_book.saved(tmp_path, f"{AS_AT}&format=xlsx")
    load_workbook = optional("openpyxl").load_workbook
    load_workbook(io.BytesIO(path.read_bytes())).save(path.with_suffix(".xlsx"))
    path.with_suffix(".xlsx").rename(path)

    code, said = golden_book.verified(path)

    assert code == 5
    assert "sha256: manifest" in said
    assert "rows:" not in said
    assert "paid:" not in said


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'"paid"\n1.00\n1.5\n', "file “1.5” in row 2, which is not an amount"),
        (b'"paid"\n1e3\n', "file “1e3” in row 1, which is not an amount"),
        (b'{"paid":"1.00"}\n{"paid":true}\n', "This is true or false in row 2, which is not"),
        (b'{"paid":"1.00"}\n{"pay":"1.00"}\n', "Row 2 has the key “pay”, which the first line"),
    ],
)
def test_a_value_that_is_not_an_amount_is_shown_with_its_row(
    golden_book, tmp_path, content, sentence
):
    path = golden_book.saved(tmp_path, f"{AS_AT}&format=csv&columns=paid")
    path.write_bytes(content)

    code, said = golden_book.verified(path)

    assert (code, sentence in said) == (5, True), said


def test_a_changed_manifest_is_a_difference(golden_book, tmp_path):
    path = golden_book.saved(tmp_path, f"{AS_AT}&format=csv")
    beside = tmp_path / "given.manifest.json"
    manifest = json.loads(beside.read_bytes())
    manifest["totals"]["paid"] = "117850.69"
    manifest["rows"] = 6
    beside.write_text(json.dumps(manifest))

    code, said = golden_book.verified(path)

    assert code == 5
    assert "paid: manifest 117850.69, file 117850.70" in said
    assert "rows: manifest 6, file 5" in said
    assert "sha256:" not in said


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "[" * 100_000, '{"file": {"size": "1"}}', b"\xff\xfe{"],
    ids=["empty", "list", "object", "deep", "wrong", "no-utf-8"],
)
def test_a_file_that_is_not_a_manifest_is_refused(golden_book, tmp_path, text):
    path = golden_book.saved(tmp_path, "format=csv")
    other = tmp_path / "other.json"
    other.write_bytes(text if isinstance(text, bytes) else text.encode())

    code, said = golden_book.verified(path, "--manifest", str(other))

    assert code == 3
    assert "cannot be read: use the JSON" in said


def test_a_manifest_that_is_too_large_is_refused(golden_book, tmp_path):
    path = golden_book.saved(tmp_path, "format=csv")
    (tmp_path / "given.manifest.json").write_bytes(b" " * (1024 * 1024 + 1))

    assert "too large for a manifest" in golden_book.verified(path)[1]


def test_without_a_manifest_the_file_is_described_and_the_command_fails(golden_book, tmp_path):
    path = golden_book.saved(tmp_path, f"{AS_AT}&format=csv")
    (tmp_path / "given.manifest.json").unlink()

    code, said = golden_book.verified(path)

    assert code == 3
    assert "paid         117850.70" in said
    assert "There is no known manifest of this file" in said


def test_a_file_is_compared_with_the_kept_export_of_its_content_then_of_its_name(
    golden_book, tmp_path
):
    send(golden_book.client, "/exports", name="Q1", query=AS_AT, form="jsonl")
    path = tmp_path / "Q1.jsonl"
    path.write_bytes(golden_book.client.get("/exports/Q1").data)
    renamed = path.with_name("other.jsonl")
    renamed.write_bytes(path.read_bytes())
    path.write_bytes(path.read_bytes().replace(b"9899.95", b"9899.94"))

    by_content = golden_book.verified(renamed)
    by_name = golden_book.verified(path)

    assert by_content[0] == 0
    assert "kept export “Q1”, which has the same SHA-256." in by_content[1]
    assert by_name[0] == 5
    assert "kept export “Q1”, which has the same file name." in by_name[1]
    assert "paid: manifest 117850.70, file 117850.69" in by_name[1]
