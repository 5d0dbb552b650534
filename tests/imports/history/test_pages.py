import json

import pytest

from flaskr.extensions import db
from flaskr.import_records.models import Import, ImportFile, ImportKind
from flaskr.imports.undo.services import undo_import
from flaskr.values.calendar import utc_now
from flaskr.values.money import ZERO
from tests.factories import WRONG_AMOUNT
from tests.imports.uploading import load, page_text, upload


def many_rows(number: int) -> str:
    rows = "".join(f"R-{at:03d};{at}\n" for at in range(1, number + 1))
    return f"Claim Reference;Claim Cost\n{rows}"


def make_imports(number: int) -> None:
    for at in range(number):
        db.session.add(
            Import(
                kind=ImportKind.FACTS,
                recorded_at=utc_now(),
                recorded_by="open",
                **dict.fromkeys(("created", "changed", "unchanged", "refused", "entries"), 0),
                **dict.fromkeys(("paid", "outstanding", "recovered"), ZERO),
            )
        )
        db.session.flush()
        db.session.add(
            ImportFile(
                import_id=at + 1,
                contents="claims",
                file_name=f"file {at + 1}.csv",
                sha256="0" * 64,
                size_bytes=1,
                row_count=1,
                mapping=json.dumps({"columns": {}, "constants": {}}),
            )
        )


def test_the_empty_list_of_imports_links_to_the_upload(sqlite_client):
    page = sqlite_client.get("/imports")

    assert "Nothing has been imported yet." in page_text(page)
    assert 'href="/import_claims"' in page.text


def test_imports_are_listed_newest_first_and_paged_both_ways(client, session, queries):
    make_imports(120)
    session.commit()

    client.get("/imports")  # the first request also checks the schema

    with queries() as sent:
        first = client.get("/imports")
    second = client.get("/imports?after=71")
    back = client.get("/imports?before=70")
    last = client.get("/imports?page=last")

    assert "120 imports, newest first" in page_text(first)
    assert len(sent) == 5
    assert "file 71.csv" in first.text
    assert "file 70.csv" not in first.text
    assert "file 70.csv" in second.text
    assert "file 120.csv" in back.text
    assert "file 1.csv" in last.text


@pytest.mark.parametrize("cursor", ["x", "1" * 30, "²"])
def test_an_invalid_page_cursor_is_not_found(sqlite_client, cursor):
    assert sqlite_client.get("/imports", query_string={"after": cursor}).status_code == 404


def test_an_import_that_is_not_there_is_not_found(sqlite_client):
    for number in ("1", "9" * 30):
        answer = sqlite_client.get(f"/imports/{number}")
        assert (answer.status_code, "There is no import" in answer.text) == (404, True)


def test_the_entries_of_an_import_are_paged_in_order_and_are_its_own(client):
    load(client, upload(client, ("one.csv", "Claim;Cost\nX;1\n")))
    load(client, upload(client, ("many.csv", many_rows(70))))
    load(client, upload(client, ("last.csv", "Claim;Cost\nY;1\n")))

    first = client.get("/imports/2")
    last = client.get("/imports/2?page=last")
    after = client.get("/imports/2?after=51")

    assert "R-050 51" in page_text(first)
    assert "R-051" not in page_text(first)
    assert "R-070 71" in page_text(last)
    assert page_text(after).count("Opening balance") == 20
    for page in (first, last, after):
        assert "X 2" not in page_text(page)
        assert "Y 2" not in page_text(page)


def test_an_undone_import_and_its_undo_name_each_other(client, session):
    load(client, upload(client, ("one.csv", "Claim;Cost\nX;1\n")))
    undo_import(1, reason_code=WRONG_AMOUNT, actor="open")
    session.commit()

    listed = page_text(client.get("/imports"))

    assert "undone by import 2" in page_text(client.get("/imports/1"))
    assert "undoes import 1" in page_text(client.get("/imports/2"))
    assert "undone by import 2" in listed
    assert "undoes import 1" in listed
    again = upload(client, ("one.csv", "Claim;Cost\nX;1\n"))
    assert "was loaded on" not in page_text(again)
