"""Imports show names only to roles that see them, and do not store what they do not need."""

from flaskr.extensions import db
from flaskr.users.models import Role
from tests.imports.uploading import load, read_again, upload
from tests.privacy.pseudonyms.readers import reading_client

POLICIES = (
    "policy_number;line_of_business;inception_date;expiry_date;premium;deductible\n"
    "K-1;home;2026-01-01;2027-01-01;1;1\n"
)


def test_one_value_for_all_rows_and_a_files_name_are_not_shown_or_kept(book, handler):
    page = upload(handler, ("Anna Andersson.csv", POLICIES))
    page = read_again(handler, page, **{"constant-0-policyholder": "Anna Andersson"})
    response = load(handler, page)
    number = response.request.path.rpartition("/")[2]
    viewer = reading_client(book, Role.VIEWER)

    assert "Anna Andersson.csv" in response.text
    for address in ("/imports", f"/imports/{number}"):
        page = viewer.get(address)
        assert (page.status_code, "Anna" in page.text) == (200, False), address
    with book.app_context():
        [mapping] = db.session.scalars(db.text("SELECT mapping FROM import_files"))
        assert ("Anna" in mapping, "given" in mapping) == (False, True)
        holder = db.text("SELECT policyholder FROM policies WHERE policy_number = 'K-1'")
        assert db.session.scalar(holder) == "Anna Andersson"
        trail = db.session.execute(db.text("SELECT * FROM audit_events")).all()
        assert "Anna" not in repr(trail)
