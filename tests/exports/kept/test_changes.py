"""Who keeps an export, or an administrator, deletes it for a reason, unless it is held."""

import pytest

from flaskr.extensions import db
from flaskr.users.models import Role
from tests.browsing import send
from tests.exports.kept.test_pages import files_of, keep
from tests.factories import make_claim
from tests.users.people import add_user, post, signed_in_client

ADDRESS = "/exports/Q1"
OTHER = "other@example.com"


@pytest.fixture
def people(signed_in_app):
    """The actuary who keeps an export, another actuary, and an administrator."""
    with signed_in_app.app_context():
        make_claim()
        db.session.commit()
    add_user(signed_in_app, Role.ACTUARY, OTHER)
    own, other = (
        signed_in_client(signed_in_app, Role.ACTUARY),
        signed_in_client(signed_in_app, Role.ACTUARY, OTHER),
    )
    keep(own, "Q1", form="csv")
    return own, other, signed_in_client(signed_in_app, Role.ADMINISTRATOR)


def trail_of(administrator) -> str:
    return " ".join(administrator.get("/trail?kind=file").text.split())


@pytest.mark.parametrize("change", ["delete", "hold", "let_go"])
def test_somebody_else_may_not_change_a_kept_export_and_finds_no_link(people, change):
    own, other, _ = people

    assert f"{ADDRESS}/delete" in own.get("/exports").text
    assert f"{ADDRESS}/delete" not in other.get("/exports").text
    answer = other.get(f"{ADDRESS}/{change}")
    assert answer.status_code == 403
    assert "kept by actuary@example.com" in answer.text
    assert post(other, f"{ADDRESS}/{change}", {"reason": "x"}).status_code == 403


def test_a_deletion_needs_a_reason_which_is_in_the_trail(people, signed_in_app):
    own, _, administrator = people

    refused = send(own, f"{ADDRESS}/delete", reason=" ")
    assert (refused.status_code, "Please fill this in." in refused.text) == (422, True)
    assert "file.csv" in files_of(signed_in_app)
    assert send(administrator, f"{ADDRESS}/delete", reason="kept by mistake").status_code == 303

    assert "file.csv" not in files_of(signed_in_app)
    assert "kept by mistake" in trail_of(administrator)


def test_a_hold_forbids_deletion_to_everybody_until_it_is_let_go(people, signed_in_app):
    own, other, administrator = people
    assert send(own, f"{ADDRESS}/hold", reason="the auditors").status_code == 303
    assert own.get(f"{ADDRESS}/manifest").json["kept"]["hold"]["reason"] == "the auditors"
    assert "the auditors" in other.get("/exports").text
    assert f"{ADDRESS}/delete" not in own.get("/exports").text
    for client in (own, administrator):
        asked = client.get(f"{ADDRESS}/delete").text
        assert "Nobody can delete the file while it is held." in asked
    answer = post(administrator, f"{ADDRESS}/delete", {"reason": "x"})
    assert (answer.status_code, "held by actuary@example.com" in answer.text) == (409, True)
    assert "file.csv" in files_of(signed_in_app)

    assert send(administrator, f"{ADDRESS}/let_go", reason="the audit is over").status_code == 303
    assert send(own, f"{ADDRESS}/delete", reason="not needed").status_code == 303
    trail = trail_of(administrator)
    assert trail.index("Kept export deleted</strong>") < trail.index("Export let go</strong>")
    assert trail.index("the audit is over") < trail.index("Export held</strong>")


def test_a_held_export_is_still_the_one_that_was_kept(people):
    own, _, _ = people
    before = own.get(ADDRESS).data
    send(own, f"{ADDRESS}/hold", reason="the auditors")

    assert own.get(ADDRESS).data == before
    assert send(own, f"{ADDRESS}/hold", reason="again").status_code in (200, 409)
