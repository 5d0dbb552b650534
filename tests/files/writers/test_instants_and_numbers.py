"""Instants and whole numbers written in every format."""

import io

import pytest
from hypothesis import given

from flaskr.exports.making.file import DigestingFile
from flaskr.files.formats import Dialect, FileFormat, OutputFormat
from flaskr.files.writers.dispatch import writer_for
from tests.exports.readers import EXACT, EXCEL_SV, FORMS, read
from tests.files.writers.any_rows import OTHER_COLUMNS, few, frame_of, other_rows
from tests.optional import optional


def form_of(name: str) -> OutputFormat:
    if name == EXCEL_SV:
        return OutputFormat(FileFormat.CSV, Dialect.EXCEL_SV)
    return OutputFormat(FileFormat(name))


def body_of(form: str, *frames: list) -> bytes:
    file = io.BytesIO()
    writer = writer_for(form_of(form), OTHER_COLUMNS, DigestingFile(file), "Ledger")
    for generated in frames:
        writer.write(frame_of(generated, OTHER_COLUMNS))
    writer.close()
    return file.getvalue()


@pytest.mark.parametrize("form", FORMS)
@few
@given(other_rows)
def test_every_instant_and_number_comes_back(tmp_path_factory, form, generated):
    folder = tmp_path_factory.mktemp("files")

    columns = read(body_of(form, generated), form, EXACT[form], OTHER_COLUMNS, folder)

    assert list(zip(*columns.values(), strict=True)) == generated


@pytest.mark.parametrize("form", FORMS)
@few
@given(other_rows)
def test_the_bytes_do_not_depend_on_the_size_of_the_frames(form, generated):
    assert body_of(form, generated) == body_of(form, *([row] for row in generated), [])


@pytest.mark.parametrize(
    ("number", "kind"), [(10**15 - 1, "n"), (-(10**15) + 1, "n"), (10**15, "s"), (-(10**15), "s")]
)
def test_a_number_that_excel_would_round_is_written_as_text(number, kind):
    body = body_of("xlsx", [(None, number, None, 1)])
    cell = optional("openpyxl").load_workbook(io.BytesIO(body)).active["B2"]

    assert (int(cell.value), cell.data_type) == (number, kind)
