import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from flaskr.errors import ClaimBookError
from flaskr.exports.dictionary import FILE_COLUMNS
from flaskr.exports.parameters import FileRequest, ParameterError, file_request
from flaskr.facts.closed_lists import Contents
from flaskr.files.formats import Dialect, FileFormat, OutputFormat


@pytest.fixture(autouse=True)
def in_an_open_book():
    """Parsing parameters needs an open book."""
    book = Flask(__name__)
    book.config.update(BOOK_MODE="open", PSEUDONYM_KEY="tests")
    with book.app_context():
        yield


def request_for(query: dict | list, contents: Contents = Contents.CLAIMS) -> FileRequest:
    return file_request(contents, MultiDict(query))


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ({}, OutputFormat()),
        ({"format": "csv"}, OutputFormat()),
        ({"format": "parquet"}, OutputFormat(FileFormat.PARQUET)),
        ({"raw": "1"}, OutputFormat(is_raw=True)),
        ({"dialect": "excel-sv"}, OutputFormat(dialect=Dialect.EXCEL_SV)),
    ],
)
def test_the_format_is_read_from_the_parameters(query, form):
    assert request_for(query).output_format == form


def test_columns_are_chosen_and_ordered():
    request = request_for({"columns": "paid, claim_reference"})

    assert [column.name for column in request.columns] == ["paid", "claim_reference"]
    assert request_for({}).columns == FILE_COLUMNS[Contents.CLAIMS]


def test_there_is_one_query_string_for_one_file():
    every = ",".join(column.name for column in FILE_COLUMNS[Contents.CLAIMS])
    plain = [{}, {"format": "csv"}, {"sort": "-recorded"}, {"columns": every}, {"text": " "}]
    narrow = MultiDict([("status", "open"), ("raw", "1"), ("status", "closed")])

    assert {request_for(query).query_string for query in plain} == {"format=csv"}
    assert request_for(narrow).query_string == "format=csv&raw=1&status=closed&status=open"


@pytest.mark.parametrize("book_settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("contents", Contents)
def test_the_query_string_of_a_request_gives_the_same_request(session, contents):
    names = ",".join(column.name for column in FILE_COLUMNS[contents][::-1])
    query = {"format": "jsonl", "columns": names, "as_at": "2024-12-31", "basis": "booked"}
    request = request_for(query, contents)

    assert request_for(request.parameters, contents) == request


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            [("format", "xls")],
            "“xls” is not valid for “format”; choose one of csv, xlsx, parquet, arrow, jsonl",
        ),
        ([("format", "")], "choose one of csv, xlsx"),
        ([("format", "CSV")], "choose one of csv, xlsx"),
        ([("raw", "yes")], "“yes” is not valid for “raw”; choose one of 1"),
        ([("manifest", "0")], "“0” is not valid for “manifest”; choose one of 1"),
        ([("dialect", "excel")], "“excel” is not valid for “dialect”; choose one of excel-sv"),
        ([("format", "xlsx"), ("dialect", "excel-sv")], "“dialect” is only for CSV; xlsx never"),
        ([("format", "jsonl"), ("raw", "1")], "“raw” is only for CSV; jsonl never"),
        ([("stauts", "open")], "no parameter “stauts”. The parameters are as_at, .*status"),
        ([("format", "csv"), ("format", "parquet")], "“format” is given more than once"),
        (
            [("columns", "paid,claim")],
            "“claim” is not a column of claims. The columns are claim_reference",
        ),
        ([("columns", "")], "“” is not a column of claims"),
        ([("columns", "paid,paid")], "names a column more than once"),
        ([("since", "1")], "no parameter “since”"),
    ],
)
def test_invalid_parameters_are_refused_with_what_is_allowed(query, said):
    with pytest.raises(ParameterError.__base__, match=said) as refusal:
        request_for(query)
    assert refusal.value.status == 400


@pytest.mark.parametrize("since", ["-1", "x", "1.0", "٣", "9" * 19, "1 2", "0x1"])
def test_since_takes_a_seal_or_the_number_of_an_entry(since):
    with pytest.raises(ClaimBookError, match="not where a file ended"):
        request_for({"since": since}, Contents.LEDGER)


@pytest.mark.parametrize(
    "since", ["1:", ":" + "a" * 64, "1:" + "a" * 63, "1:" + "A" * 64, "01:" + "a" * 64, "1:2:3"]
)
def test_since_takes_a_seal_exactly_as_it_was_given(since):
    with pytest.raises(ClaimBookError, match="not a seal"):
        request_for({"since": since}, Contents.LEDGER)


@pytest.mark.parametrize("book_settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("method", ["get", "head"])
def test_an_invalid_parameter_gives_a_400(client, method):
    for address in ("/export_claims?format=xls", "/export_ledger?sort=paid", "/export_policies?x"):
        assert getattr(client, method)(address).status_code == 400
