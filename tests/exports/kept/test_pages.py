import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from time import sleep
from urllib.parse import quote, unquote

import pytest

from flaskr.exports.kept.files import kept_exports
from flaskr.exports.kept.services import kept_folder
from flaskr.extensions import db
from tests.browsing import fields_of, send
from tests.factories import make_claim

WHY = {"reason": "not needed"}
ODD_NAMES = ["Åsas bokslut 2024", "𝒜" * 64, "a&b=c %41;\"'", "..x", "100 % + 1"]


def keep(client, name: str = "Year end 2024", path: str = "/exports", **typed):
    form = {**fields_of(client.get(path)), "name": name, **typed}
    return client.post("/exports", data=form)


def files_of(app) -> list[str]:
    root = kept_folder(app.config)
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def test_a_kept_export_is_listed_with_its_facts(client, small_book):
    answer = keep(client, note="for the auditors", form="csv")

    page = client.get("/exports").text
    assert (answer.status_code, answer.location) == (303, "/exports")
    for text in ("Year end 2024", "claims as CSV", "for the auditors", "by open", "” kept."):
        assert text in page


def test_it_downloads_as_it_was_when_it_was_kept(client, small_book, session):
    before = client.get("/export_claims").data
    keep(client, form="csv")
    make_claim()
    session.commit()

    response = client.get("/exports/year END 2024")

    assert response.data == before != client.get("/export_claims").data
    assert response.headers["ETag"] == f'"{hashlib.sha256(before).hexdigest()}"'
    assert response.headers["Content-Disposition"] == 'attachment; filename="Year end 2024.csv"'
    assert response.headers["Content-Length"] == str(len(before))
    assert response.headers["X-Row-Count"] == "4"
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_it_answers_ranges_and_if_none_match(client, small_book):
    keep(client, form="csv")
    address = "/exports/Year end 2024"
    with client.get(address) as whole:
        data, tag = whole.data, whole.headers["ETag"]

    with client.get(address, headers={"Range": "bytes=5-9", "If-Range": tag}) as part:
        assert (part.status_code, part.data) == (206, data[5:10])
    with client.get(address, headers={"If-None-Match": tag}) as known:
        assert (known.status_code, known.data) == (304, b"")
    with client.head(address) as head:
        assert (head.headers["Content-Length"], head.data) == (str(len(data)), b"")


def test_its_manifest_describes_it_and_who_kept_it(client, small_book):
    keep(client, form="parquet", note="for the auditors")

    manifest = client.get("/exports/Year end 2024/manifest").json
    whole = client.get("/exports/Year end 2024").data

    assert manifest["file"]["sha256"] == hashlib.sha256(whole).hexdigest()
    assert manifest["file"]["name"] == "Year end 2024.parquet"
    assert manifest["totals"]["paid"] == "60.10"
    assert {k: v for k, v in manifest["kept"].items() if k != "at"} == {
        "name": "Year end 2024", "by": "open", "note": "for the auditors",
    }  # fmt: skip


def test_the_filter_of_a_page_is_kept_and_described(client, small_book):
    path = "/exports?contents=claims&status=open&status=closed&cost_from=1&sort=-paid&columns=paid"
    path += "&as_at=2024-12-31&basis=booked&format=csv&dialect=excel-sv"
    form = client.get(path)

    keep(client, path=path)
    manifest = client.get("/exports/Year end 2024/manifest").json

    assert "cost from: 1.00; status: closed, open" in " ".join(form.text.split())
    assert "by paid, descending; columns paid." in " ".join(form.text.split())
    assert fields_of(form)["as_at"] == "2024-12-31"
    assert manifest["filter"] == {"cost_from": ["1.00"], "status": ["closed", "open"]}
    assert manifest["sort"] == "-paid"
    assert [column["name"] for column in manifest["columns"]] == ["paid"]
    assert (manifest["as_at"], manifest["basis"]) == ("2024-12-31", "booked")
    assert manifest["file"]["dialect"] == "excel-sv"
    assert "as at 2024-12-31 (booked)" in client.get("/exports").text


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_with_odd_characters_work_in_addresses(client, small_book, name):
    keep(client, name)
    address = f"/exports/{quote(name, safe='')}"
    listed = client.get("/exports").text

    assert name in map(unquote, map(unescape, re.findall('"/exports/([^"/]+)"', listed)))
    with client.get(address) as answer:
        assert answer.status_code == 200
    assert client.get(f"{address}/manifest").json["kept"]["name"] == name
    assert send(client, f"{address}/delete", reason="not needed").status_code == 303


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Please fill this in."),
        ({"name": "a/b"}, "any of / \\ ? #"),
        ({"name": "x" * 65}, "at most 64"),
        ({"name": "Verify"}, "name of a page"),
        ({"as_at": "2999-01-01"}, "is in the future"),
        ({"as_at": "31/12"}, "is not a date"),
        ({"basis": "booked"}, "needs an as-at date"),
        ({"form": "doc"}, "Choose one from the list"),
        ({"contents": "ledger", "query": "status=open"}, "There is no parameter “status”"),
        ({"query": "format=csv"}, "more than once"),
        ({"csrf_token": ""}, "has expired"),
    ],
)
def test_a_refused_form_shows_the_reason_and_nothing_is_kept(client, app, typed, sentence):
    answer = keep(client, **{"name": "A", **typed})

    assert answer.status_code in (400, 422)
    assert sentence in answer.text
    assert not kept_folder(app.config).exists() or files_of(app) == ["lock"]


def test_an_address_with_an_unknown_parameter_is_refused(client):
    assert client.get("/exports?contents=claims&stats=open").status_code == 400
    assert client.get("/exports?contents=people").status_code == 400


def test_a_name_is_used_once_ignoring_case_and_the_form_keeps_what_was_typed(client, small_book):
    keep(client, "Årsslut")

    again = keep(client, "årsSLUT", note="mine")

    assert again.status_code == 409
    assert "“Årsslut” already exists. Choose another name." in again.text
    assert fields_of(again)["note"] == "mine"


def test_deletion_asks_first_removes_the_file_and_keeps_manifest_and_name(client, app, small_book):
    keep(client)
    before = client.get("/exports/Year end 2024/manifest").json
    asked = client.get("/exports/Year end 2024/delete")
    assert files_of(app) == ["file.parquet", "lock", "manifest.json"]

    answer = send(client, "/exports/Year end 2024/delete", reason="not needed")

    after = client.get("/exports/Year end 2024/manifest").json
    assert "cannot be restored" in asked.text
    assert answer.status_code == 303
    assert files_of(app) == ["lock", "manifest.json"]
    assert after.pop("deleted")["by"] == "open"
    assert after == before
    assert client.get("/exports/Year end 2024").status_code == 410
    assert "<s>Year end 2024</s>" in client.get("/exports").text
    assert "name cannot be reused" in keep(client).text
    assert "was deleted" in client.get("/exports/Year end 2024/delete").text


def test_a_second_deletion_gives_an_error_about_the_first(client, small_book):
    keep(client)
    page = client.get("/exports/Year end 2024/delete")
    client.post("/exports/Year end 2024/delete", data=fields_of(page) | WHY)

    again = client.post("/exports/Year end 2024/delete", data=fields_of(page) | WHY)

    assert again.status_code == 409
    assert "was deleted" in again.text


def test_deletion_needs_its_token(client, small_book):
    keep(client)

    assert client.post("/exports/Year end 2024/delete").status_code == 400
    with client.get("/exports/Year end 2024") as answer:
        assert answer.status_code == 200


def test_an_unknown_name_gives_a_404(client):
    for address in ("/exports/x", "/exports/x/manifest", "/exports/x/delete", "/exports/%ED%A0%80"):
        assert client.get(address).status_code == 404


def test_names_and_notes_are_shown_and_never_run(client, small_book):
    attack = "<script>alert(1)<\u2215script>"
    keep(client, attack, note="<img src=x onerror=alert(1)>")

    for path in ("/exports", f"/exports/{quote(attack)}/delete"):
        page = client.get(path).text
        assert "&lt;script&gt;" in page
        assert "<script>" not in page
        assert "<img" not in page


def test_keeping_waits_for_a_writer_only_to_record_the_event(client, app, small_book):
    page = fields_of(client.get("/exports"))
    with app.app_context(), ThreadPoolExecutor(1) as elsewhere:
        with db.engine.begin() as other:
            other.exec_driver_sql("SELECT 1")  # on SQLite this takes the write lock
            answer = elsewhere.submit(client.post, "/exports", data={**page, "name": "A"})
            while not list(kept_folder(app.config).glob("*.part/manifest.json")):
                sleep(0.01)  # until only the event is missing
                if answer.done():
                    break
        assert answer.result().status_code == 303


def test_a_kept_file_that_changed_is_not_sent(client, app, small_book):
    keep(client)
    (kept,) = kept_exports(kept_folder(app.config))
    kept.path.write_bytes(kept.path.read_bytes()[:-1])
    valuation = client.get("/exports/Year end 2024")
    kept.path.unlink()
    gone = client.get("/exports/Year end 2024")
    (kept.folder / "manifest.json").write_text("{")
    broken = client.get("/exports")

    assert (valuation.status_code, "has changed since" in valuation.text) == (500, True)
    assert (gone.status_code, "is missing from the disk" in gone.text) == (500, True)
    assert (broken.status_code, "cannot be read; restore" in broken.text) == (500, True)


def test_only_this_user_can_read_what_is_kept(client, app, small_book):
    keep(client)
    (kept,) = kept_exports(kept_folder(app.config))
    manifest = kept.folder / "manifest.json"

    modes = [path.stat().st_mode & 0o777 for path in (kept.folder, kept.path, manifest)]

    assert modes == [0o700, 0o600, 0o600]
    assert json.loads(manifest.read_bytes())["rows"] == 4
