"""The facts that verify reads from a file: format, columns, rows and totals."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from flaskr.exports.verify.reading import read_file_facts
from flaskr.exports.verify.tasks import ReadFacts
from flaskr.files.formats import FileFormat
from flaskr.files.readers.options import Unreadable
from tests.files.readers.bombs import workbook


def facts_of(folder: Path, content: bytes) -> ReadFacts:
    path = folder / "given"
    path.write_bytes(content)
    return read_file_facts(print, path)


def facts_of_parquet(folder: Path, table: pa.Table) -> ReadFacts:
    pyarrow.parquet.write_table(table, folder / "given")
    return read_file_facts(print, folder / "given")


def test_an_empty_file_is_json_lines_without_rows(tmp_path):
    assert facts_of(tmp_path, b"") == ReadFacts(FileFormat.JSON_LINES, False, (), 0, {})


@pytest.mark.parametrize(
    "content",
    [
        b'"closed_date","paid"\n,\n2024-01-31,1.50\n,\n',
        b'\xef\xbb\xbf"closed_date";"paid"\r\n;\r\n2024-01-31;1,50\r\n;\r\n',
        b'{"closed_date":null,"paid":null}\n{"closed_date":null,"paid":"1.50"}\n' + b"{}\n",
    ],
    ids=["csv", "excel-sv", "jsonl"],
)
def test_blank_rows_are_counted(tmp_path, content):
    facts = facts_of(tmp_path, content)

    assert (facts.rows, facts.totals) == (3, {"paid": Decimal("1.50")})


def test_blank_rows_are_counted_in_parquet(tmp_path):
    paid = pa.array([None, Decimal("1.50"), None], pa.decimal128(18, 2))

    facts = facts_of_parquet(tmp_path, pa.table({"paid": paid}))

    assert (facts.rows, facts.totals) == (3, {"paid": Decimal("1.50")})


def test_a_missing_value_in_the_only_column_of_csv_is_a_row(tmp_path):
    assert facts_of(tmp_path, b'"closed_date"\n\n2024-01-31\n\n').rows == 3


def test_the_only_column_for_a_swedish_excel_may_be_an_amount(tmp_path):
    facts = facts_of(tmp_path, b'\xef\xbb\xbf"paid"\r\n1,50\r\n-0,25\r\n')

    assert (facts.is_excel_csv, facts.totals) == (True, {"paid": Decimal("1.25")})


@pytest.mark.parametrize("text", ["1.50", "'1,50", "1e3", "1,5", '""'])
def test_a_text_not_written_as_an_amount_is_not_one(tmp_path, text):
    facts = facts_of(tmp_path, f'\ufeff"rows";"paid"\r\n1;1,00\r\n2;{text}\r\n'.encode())

    assert "in row 2, which is not an amount" in facts.totals["paid"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (pa.array([1.5]), "not amounts but double"),
        (pa.array([1]), "not amounts but int64"),
        (pa.array(["1.5"]), "“1.5” in row 1, which is not an amount"),
        (pa.array([Decimal("0.001")]), "amounts of decimal128(3, 3) that are finer than an öre"),
    ],
)
def test_a_parquet_column_that_is_not_amounts_is_described(tmp_path, values, sentence):
    facts = facts_of_parquet(tmp_path, pa.table({"paid": values}))

    assert sentence in facts.totals["paid"]


def test_texts_of_digits_in_parquet_are_totalled(tmp_path):
    facts = facts_of_parquet(tmp_path, pa.table({"paid": ["1.50", None, "-0.25"]}))

    assert facts.totals == {"paid": Decimal("1.25")}


PLAIN = b'"claim_reference","paid"\n"C1",1.50\n'


@pytest.mark.parametrize("before", [b"sep=,\n", b"Report\n\n"], ids=["sep=", "title row"])
def test_rows_above_the_titles_are_not_left_out_by_verify(tmp_path, before):
    with pytest.raises(Unreadable, match="the header 1"):
        facts_of(tmp_path, before + PLAIN)


def test_the_index_of_a_data_frame_is_a_column_for_verify(tmp_path):
    content = b'"Unnamed: 0","claim_reference","paid"\n0,"C1",1.50\n'

    assert facts_of(tmp_path, content).columns == ("Unnamed: 0", "claim_reference", "paid")


@pytest.mark.parametrize("content", [b',"paid"\n0,1.50\n', b'"a",,"paid"\n1,,1.50\n'])
def test_a_column_without_a_title_is_refused_by_verify(tmp_path, content):
    with pytest.raises(Unreadable, match="has no title"):
        facts_of(tmp_path, content)


def test_an_apostrophe_and_the_noise_of_a_float_are_kept_by_verify(tmp_path):
    content = workbook('<row r="2"><c><v>300.29999999999995</v></c></row>', titles=["paid"])

    assert "not an amount" in facts_of(tmp_path, b'"a","paid"\n1,\'-1.50\n').totals["paid"]
    assert "300.29999999999995" in str(facts_of(tmp_path, content).totals["paid"])
