import pytest
from werkzeug.datastructures import MultiDict

from flaskr.exports.files import FileFormat
from flaskr.exports.parameters import FileRequest, ParameterError, file_request


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, FileRequest()),
        ({"format": "csv"}, FileRequest()),
        ({"format": "parquet"}, FileRequest(FileFormat.PARQUET)),
        ({"raw": "1"}, FileRequest(FileFormat.CSV, is_raw=True)),
    ],
)
def test_known_parameters_are_read(query, wanted):
    assert file_request(MultiDict(query)) == wanted


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ([("format", "xlsx")], "“xlsx” is no format: it takes csv or parquet"),
        ([("format", "")], "it takes csv or parquet"),
        ([("format", "CSV")], "it takes csv or parquet"),
        ([("raw", "yes")], "“yes” is no raw: it takes 1"),
        ([("stauts", "open")], "does not know “stauts”. It takes format .csv or parquet"),
        ([("format", "csv"), ("format", "parquet")], "“format” is given more than once"),
    ],
)
def test_others_are_refused_with_what_is_allowed(query, said):
    with pytest.raises(ParameterError, match=said):
        file_request(MultiDict(query))


@pytest.mark.parametrize("book_settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_request_that_cannot_be_read_is_a_400(client, method):
    response = getattr(client, method)("/export_claims?format=xlsx")

    assert response.status_code == 400


@pytest.mark.parametrize("book_settings", ["sqlite"], indirect=True)
def test_a_head_request_answers_without_making_a_file(client, app):
    response = client.head("/export_claims?format=parquet")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/vnd.apache.parquet"
    assert "Content-Disposition" in response.headers
    assert "Content-Length" not in response.headers
    assert not (app.config["INSTANCE_FOLDER"] / "spool").exists()
