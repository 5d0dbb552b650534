"""Kept exports have no names in a book with sign-in, and are recorded in the trail."""

from pathlib import Path

import pytest

from flaskr.exports.kept.files import folder_of, kept_exports
from flaskr.exports.kept.services import kept_folder
from flaskr.users.models import Role
from tests.browsing import fields_of
from tests.privacy.pseudonyms.readers import (
    DESCRIPTION,
    NAME,
    REASON,
    file_events,
    frame,
    read_fully,
    reading_client,
)

ADDRESS = "/exports/Year end"


def keep(client, path: str = "/exports?contents=policies", name: str = "Year end", **typed):
    form = fields_of(client.get(path)) | {"name": name, "form": "csv"} | typed
    return client.post("/exports", data=form)


def test_a_kept_export_has_no_names_whatever_the_role(administrator):
    assert keep(administrator).status_code == 303
    keep(administrator, "/exports", "Claims")

    assert NAME.encode() not in administrator.get(ADDRESS).data
    assert DESCRIPTION.encode() not in administrator.get("/exports/Claims").data
    assert "policyholder_" in administrator.get(ADDRESS).text
    assert "Kept exports contain no names" in administrator.get("/exports").text


def test_a_text_search_in_a_kept_export_does_not_match_names(administrator):
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
def test_an_export_kept_with_names_needs_a_role_that_sees_them(open_book, signed_in_app, contents):
    """It was kept while the book was open; both apps have the same folder."""
    keep(read_fully(open_book.test_client()), f"/exports?contents={contents}")
    administrator = reading_client(signed_in_app, Role.ADMINISTRATOR)
    actuary = reading_client(signed_in_app, Role.ACTUARY)

    assert (NAME if contents == "policies" else DESCRIPTION) in administrator.get(ADDRESS).text
    for refused in (actuary.get(ADDRESS), actuary.get(ADDRESS, headers={"Range": "bytes=5-"})):
        assert refused.status_code == 403
        assert "has names or free text, which your role may not see" in refused.text
    assert actuary.head(ADDRESS).status_code == 403
    assert f'href="{ADDRESS.replace(" ", "%20")}"' not in actuary.get("/exports").text
    assert "with names" in actuary.get("/exports").text


def test_a_kept_search_for_a_name_needs_a_role_that_sees_names(open_book, signed_in_app):
    path = f"/exports?contents=policies&columns=policy_number&text={NAME.split()[0]}"
    keep(read_fully(open_book.test_client()), path, note=f"for {NAME}")
    administrator = reading_client(signed_in_app, Role.ADMINISTRATOR)
    actuary = reading_client(signed_in_app, Role.ACTUARY)

    assert NAME.split()[0] in administrator.get("/exports").text
    assert NAME.split()[0] not in actuary.get("/exports").text
    for address in (ADDRESS, f"{ADDRESS}/manifest"):
        assert administrator.get(address).status_code == 200
        assert actuary.get(address).status_code == 403


def test_an_actuary_keeps_what_a_number_was_searched_by(book, actuary):
    keep(actuary, "/exports?contents=policies&text=H-1")

    assert actuary.get(f"{ADDRESS}/manifest").status_code == 200


def test_everything_done_with_a_kept_export_is_recorded(book, actuary):
    keep(actuary, "/exports?contents=policies&as_at=2024-12-31")
    actuary.get(ADDRESS)
    actuary.head(ADDRESS)
    for part in ("-5", "10-19", "1-"):
        actuary.get(ADDRESS, headers={"Range": f"bytes={part}"})
    actuary.post(
        f"{ADDRESS}/delete", data=fields_of(actuary.get(f"{ADDRESS}/delete")) | {"reason": "x"}
    )

    first, *events = file_events(book)
    assert first["file"].startswith("/export_policies?format=csv&as_at=2024-12-31")
    assert (first["action"], first["subject"], first["as_at"], first["identified"]) == (
        "export_kept", folder_of(Path(), "Year end").name, "2024-12-31", False,
    )  # fmt: skip
    assert [(event["action"], event["sha256"]) for event in events] == [
        ("kept_export_read", first["sha256"]),
        ("kept_export_read", first["sha256"]),
        ("kept_export_deleted", first["sha256"]),
    ]
    assert {event["actor"] for event in events} == {"actuary@example.com"}


def test_a_range_that_skips_the_first_byte_is_recorded_too(book, actuary):
    keep(actuary)

    actuary.get(ADDRESS, headers={"Range": "bytes=1-"})

    assert [event["action"] for event in file_events(book)] == ["export_kept", "kept_export_read"]


def test_in_an_open_book_names_are_kept_as_before(open_book):
    client = read_fully(open_book.test_client())
    keep(client)

    assert NAME in client.get(ADDRESS).text
    assert "Kept exports contain no names" not in client.get("/exports").text
