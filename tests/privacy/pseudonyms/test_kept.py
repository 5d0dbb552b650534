"""Kept exports: without names where people sign in, and told in the trail."""

import pytest

from flaskr.exports.kept.files import kept_exports
from flaskr.exports.kept.services import kept_folder
from flaskr.users.models import Role
from tests.browsing import fields_of
from tests.privacy.pseudonyms.readers import NAME, REASON, SAID, frame, reader, to_the_end, told

ADDRESS = "/exports/Year end"


def keep(client, path: str = "/exports?contents=policies", name: str = "Year end", **typed):
    form = fields_of(client.get(path)) | {"name": name, "form": "csv"} | typed
    return client.post("/exports", data=form)


def test_what_is_kept_has_no_names_whoever_keeps_it(administrator):
    assert keep(administrator).status_code == 303
    keep(administrator, "/exports", "Claims")

    assert NAME.encode() not in administrator.get(ADDRESS).data
    assert SAID.encode() not in administrator.get("/exports/Claims").data
    assert "policyholder_" in administrator.get(ADDRESS).text
    assert "Kept exports contain no names" in administrator.get("/exports").text


def test_a_text_finds_no_names_for_what_is_kept(administrator):
    keep(administrator, f"/exports?contents=policies&text={NAME}")
    keep(administrator, "/exports?contents=policies&text=h-1", "By number")

    assert len(frame(administrator.get(ADDRESS).data)) == 0
    assert len(frame(administrator.get("/exports/By number").data)) == 1


@pytest.mark.parametrize(
    "query", ["columns=policyholder", f"columns=policyholder&{REASON}", REASON]
)
def test_names_cannot_be_slipped_in(book, administrator, query):
    refused = administrator.get(f"/exports?contents=policies&{query}")
    answer = keep(administrator, query=query)

    assert (refused.status_code, answer.status_code) == (403, 403)
    assert "not available here" in answer.text
    assert kept_exports(kept_folder(book.config)) == []


@pytest.mark.parametrize("contents", ["policies", "claims"])
def test_one_kept_with_names_is_for_who_sees_them(open_book, signed_in_app, contents):
    """It was kept while the book was open; both are the same folder."""
    keep(to_the_end(open_book.test_client()), f"/exports?contents={contents}")
    administrator = reader(signed_in_app, Role.ADMINISTRATOR)
    actuary = reader(signed_in_app, Role.ACTUARY)

    assert (NAME if contents == "policies" else SAID) in administrator.get(ADDRESS).text
    for refused in (actuary.get(ADDRESS), actuary.get(ADDRESS, headers={"Range": "bytes=5-"})):
        assert refused.status_code == 403
        assert "has names or free text, which your role may not see" in refused.text
    assert actuary.head(ADDRESS).status_code == 403
    assert f'href="{ADDRESS.replace(" ", "%20")}"' not in actuary.get("/exports").text
    assert "with names" in actuary.get("/exports").text


def test_a_name_that_was_searched_for_is_for_who_sees_names(open_book, signed_in_app):
    path = f"/exports?contents=policies&columns=policy_number&text={NAME.split()[0]}"
    keep(to_the_end(open_book.test_client()), path, note=f"for {NAME}")
    administrator = reader(signed_in_app, Role.ADMINISTRATOR)
    actuary = reader(signed_in_app, Role.ACTUARY)

    assert NAME.split()[0] in administrator.get("/exports").text
    assert NAME.split()[0] not in actuary.get("/exports").text
    for address in (ADDRESS, f"{ADDRESS}/manifest"):
        assert administrator.get(address).status_code == 200
        assert actuary.get(address).status_code == 403


def test_an_actuary_keeps_what_a_number_was_searched_by(book, actuary):
    keep(actuary, "/exports?contents=policies&text=H-1")

    assert actuary.get(f"{ADDRESS}/manifest").status_code == 200


def test_everything_done_with_them_is_told(book, actuary):
    keep(actuary, "/exports?contents=policies&as_at=2024-12-31")
    actuary.get(ADDRESS)
    actuary.head(ADDRESS)
    for part in ("-5", "10-19", "1-"):
        actuary.get(ADDRESS, headers={"Range": f"bytes={part}"})
    actuary.post(f"{ADDRESS}/delete", data=fields_of(actuary.get(f"{ADDRESS}/delete")))

    kept, *events = told(book)
    assert kept["file"].startswith("/export_policies?format=csv&as_at=2024-12-31")
    assert (kept["action"], kept["subject"], kept["as_at"], kept["identified"]) == (
        "export_kept", "Year end", "2024-12-31", False,
    )  # fmt: skip
    assert [(event["action"], event["sha256"]) for event in events] == [
        ("kept_export_read", kept["sha256"]),
        ("kept_export_read", kept["sha256"]),
        ("kept_export_deleted", kept["sha256"]),
    ]
    assert {event["actor"] for event in events} == {"actuary@example.com"}


def test_all_but_the_first_byte_is_told_too(book, actuary):
    keep(actuary)

    actuary.get(ADDRESS, headers={"Range": "bytes=1-"})

    assert [event["action"] for event in told(book)] == ["export_kept", "kept_export_read"]


def test_in_an_open_book_names_are_kept_as_before(open_book):
    client = to_the_end(open_book.test_client())
    keep(client)

    assert NAME in client.get(ADDRESS).text
    assert "Kept exports contain no names" not in client.get("/exports").text
