import io
import json
import zipfile
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet
import pytest

from flaskr.exports.services import spool_folder
from flaskr.exports.verify.services import FILES_AT_ONCE
from flaskr.processes.isolation import slot
from tests.browsing import fields_of
from tests.optional import optional

AS_AT = "as_at=2024-03-31"


def post(client, content: bytes, name: str = "given", manifest: bytes | None = None):
    data = fields_of(client.get("/exports/verify"))
    data["file"] = (io.BytesIO(content), name)
    data["manifest"] = (io.BytesIO(manifest), "m.json") if manifest is not None else ""
    return client.post("/exports/verify", data=data)


def left_in_spool(golden_book) -> list[str]:
    with golden_book.client.application.app_context() as context:
        return [p.name for p in spool_folder(context.app.config).iterdir() if p.suffix == ".part"]


def test_an_equal_file_is_shown_as_equal(golden_book):
    content, manifest = golden_book.file(f"{AS_AT}&format=parquet")

    answer = post(golden_book.client, content, "q1.parquet", manifest)

    assert answer.status_code == 200
    assert "q1.parquet matches its manifest, byte for byte." in answer.text
    assert "differs" not in answer.text
    assert left_in_spool(golden_book) == []


def test_each_difference_is_marked(golden_book):
    content, manifest = golden_book.file(f"{AS_AT}&format=csv")

    answer = post(golden_book.client, content.replace(b"9899.95", b"9899.94"), "q1", manifest)

    said = " ".join(answer.text.split())
    assert answer.status_code == 200
    assert "q1 does not match its manifest." in said
    assert '<td class="prose">117850.70</td> <td class="prose">117850.69</td>' in said
    assert answer.text.count("differs</span>") == 2  # hash and paid


def test_a_file_without_a_manifest_is_described(golden_book):
    content, _ = golden_book.file(f"{AS_AT}&format=csv")

    answer = post(golden_book.client, content)

    assert "There is no manifest to compare given with." in answer.text
    assert "117850.70" in answer.text


def bomb_of_rows() -> bytes:
    """A Parquet file of a few thousand bytes that decodes to gigabytes."""
    file = io.BytesIO()
    text = pa.array(["x" * 1_000_000]).dictionary_encode()
    table = pa.table({"paid": pa.DictionaryArray.from_arrays([0] * 3000, text.dictionary)})
    pyarrow.parquet.write_table(table, file, compression="zstd")
    return file.getvalue()


def bomb_of_cells() -> bytes:
    """A workbook with one cell at the far end of its sheet."""
    file = io.BytesIO()
    book = optional("openpyxl").Workbook()
    book.active["A1"] = "paid"
    for row in range(2, 5000):
        book.active.cell(row, 16_384, 1)
    book.save(file)
    return file.getvalue()


def bomb_of_strings() -> bytes:
    """A workbook whose shared strings unpack to more than the limit."""
    file = io.BytesIO()
    optional("openpyxl").Workbook().save(file)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b" " * 300_000_000)
    return file.getvalue()


HOSTILE = {
    "only the start of Parquet": (b"PAR1", "starts as parquet, but cannot be read"),
    "only the start of a workbook": (b"PK\x03\x04" + b"\0" * 100, "This is not a workbook"),
    "only the start of an Arrow stream": (
        b"\xff\xff\xff\xff\x10\0\0\0",
        "starts as arrow, but cannot be read",
    ),
    "endless JSON": (b'{"a":' * 50_000, "Row 1 cannot be read as JSON"),
    "lines that are not objects": (b'{"paid":"1.00"}\n[1]\n', "Row 2 is not a JSON object"),
    "bytes that are not text": (bytes(range(128, 256)) * 100, "bytes that are not UTF-8"),
    "Windows-1252": ('"paid","cause"\n1.00,"å"\n'.encode("cp1252"), "file is not UTF-8"),
    "one endless line": (b'"paid' * 50_000, "text after a closing quote"),
    "rows of other widths": (b'"paid","b"\n1.00,"x"\n1.00\n', "Row 3: The row has 1 cells"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "The file is a picture"),
}


@pytest.mark.parametrize(("content", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(golden_book, content, sentence):
    answer = post(golden_book.client, content)

    assert answer.status_code == 422
    assert "It cannot be added up." in answer.text
    assert sentence in answer.text
    assert left_in_spool(golden_book) == []


def bomb_of_a_length() -> bytes:
    """An Arrow stream that announces a message of 2 GiB."""
    return b"\xff\xff\xff\xff\xff\xff\xff\x7f"


@pytest.mark.parametrize("make", [bomb_of_a_length, bomb_of_rows, bomb_of_cells, bomb_of_strings])
def test_a_small_file_that_unpacks_to_too_much_is_answered_within_the_memory_limit(
    golden_book, make
):
    answer = post(golden_book.client, make())

    assert answer.status_code in (200, 422)
    assert "There is no manifest to compare" in answer.text
    assert left_in_spool(golden_book) == []


def test_a_file_that_cannot_be_read_is_still_compared_by_its_bytes(golden_book):
    content, manifest = golden_book.file(f"{AS_AT}&format=parquet")

    answer = post(golden_book.client, content[:-100], "q1", manifest)

    assert answer.status_code == 422
    assert "cannot be read to the end" in answer.text
    assert f'<td class="prose">{len(content) - 100} bytes</td>' in answer.text


def test_an_invalid_manifest_is_refused(golden_book):
    answer = post(golden_book.client, b'"paid"\n', manifest=b"[]")

    assert answer.status_code == 422
    assert "cannot be read: use the JSON" in answer.text


def test_a_form_without_a_file_or_without_its_token_is_refused(golden_book):
    data = fields_of(golden_book.client.get("/exports/verify"))
    empty = golden_book.client.post("/exports/verify", data=data | {"file": "", "manifest": ""})
    forged = golden_book.client.post("/exports/verify", data={"file": (io.BytesIO(b"x"), "x")})

    assert (empty.status_code, "Choose a file." in empty.text) == (422, True)
    assert (forged.status_code, "has expired" in forged.text) == (400, True)


def test_uploads_larger_than_in_other_forms_are_accepted_up_to_the_limit(
    make_app, embedded_settings
):
    client = make_app(
        replace(embedded_settings, verify_bytes=300_000, max_request_bytes=50_000)
    ).test_client()

    taken = post(client, b'"paid"\n' + b"1.00\n" * 40_000)
    refused = post(client, b"x" * 300_001)

    assert (taken.status_code, "40000.00" in taken.text) == (200, True)
    assert refused.status_code == 413
    assert "Files over 300.0\u00a0kB cannot be verified here" in refused.text
    assert "flask exports verify FILE" in refused.text


def test_names_and_texts_of_a_file_are_shown_and_never_run(golden_book):
    attack = "<script>alert(1)</script>"
    _, manifest = golden_book.file(f"{AS_AT}&format=csv&columns=paid")
    changed = json.loads(manifest)
    changed["columns"] = [{"name": attack}]

    answer = post(
        golden_book.client, f'"paid"\n"{attack}"\n'.encode(), attack, json.dumps(changed).encode()
    )

    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>" not in answer.text


def test_a_third_file_at_the_same_time_gets_a_503(golden_book):
    folder = golden_book.client.application.config["INSTANCE_FOLDER"]

    with slot(folder, "verify", FILES_AT_ONCE), slot(folder, "verify", FILES_AT_ONCE):
        answer = post(golden_book.client, b'"paid"\n')

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
