"""HTTP of export addresses: ETags, conditions, ranges, manifests, and stable bytes."""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
import time_machine

from flaskr.claims.queries import claim_by_reference
from flaskr.extensions import db
from flaskr.policies.queries import policy_by_number
from flaskr.values.calendar import today
from tests.claims.clocks import amend, edit
from tests.claims.varied import varied_claims
from tests.exports.readers import FORMS
from tests.factories import make_claim, make_policy, reserve

CLAIMS = "/export_claims"


@pytest.fixture(scope="module")
def varied_app(lasting_app):
    with lasting_app.app_context():
        varied_claims()
        db.session.commit()
    return lasting_app


@pytest.fixture
def visitor(varied_app):
    """A client of a book with an empty spool."""
    empty_spool(varied_app)
    return Visitor(varied_app.test_client())


class Visitor:
    """A client that reads responses to their end, as a browser does."""

    def __init__(self, client) -> None:
        self.get = partial(client.get, buffered=True)
        self.head = partial(client.head, buffered=True)


def empty_spool(app) -> None:
    for path in spool_of(app):
        path.unlink()


def spool_of(app) -> list[Path]:
    folder = app.config["INSTANCE_FOLDER"] / "spool"
    return sorted(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("contents", ["claims", "ledger", "policies", "revisions"])
@pytest.mark.parametrize("form", FORMS)
def test_the_same_request_gives_the_same_bytes_also_when_made_again(varied_app, contents, form):
    client, address = varied_app.test_client(), f"/export_{contents}?format={form}"
    first, kept = client.get(address), client.get(address)
    empty_spool(varied_app)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=2)):
        anew = client.get(address)

    assert first.data == kept.data == anew.data
    assert first.headers["ETag"] == kept.headers["ETag"] == anew.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert len(spool_of(varied_app)) >= 2


def test_every_different_request_has_another_tag(visitor):
    asked = [
        *(f"{CLAIMS}?format={form}" for form in FORMS),
        *(f"{CLAIMS}?{more}" for more in ("raw=1", "columns=paid", "status=open", "sort=paid")),
        *(f"{CLAIMS}?as_at=2024-05-10{basis}" for basis in ("", "&basis=booked")),
        "/export_ledger", "/export_ledger?since=1", "/export_policies", "/export_revisions",
    ]  # fmt: skip

    assert len({visitor.head(address).headers["ETag"] for address in asked}) == len(asked)
    assert (
        visitor.head(f"{CLAIMS}?format=csv").headers["ETag"]
        == visitor.head(f"{CLAIMS}/?sort=-recorded&text=").headers["ETag"]
    )


CHANGES = {
    "an entry": lambda: reserve(claim_by_reference("W"), "200.00"),
    "an edit of a claim": lambda: edit(claim_by_reference("W"), loss_date=date(2024, 2, 1)),
    "another policy": lambda: make_policy(),
    "an edit of a policy": lambda: amend(policy_by_number("H"), deductible=Decimal("1.00")),
    "another claim": lambda: make_claim(),
}


def test_the_tag_changes_with_every_change_of_the_book_and_with_the_date(app, client, session):
    reserve(make_claim(claim_reference="W", policy=make_policy(policy_number="H")), "100.00")
    session.commit()
    addresses = (CLAIMS, "/export_ledger", "/export_policies")
    seen = [{address: client.head(address).headers["ETag"] for address in addresses}]
    for change in CHANGES.values():
        change()
        session.commit()
        seen.append({address: client.head(address).headers["ETag"] for address in addresses})
    tomorrow = datetime.combine(today() + timedelta(days=1), datetime.min.time(), UTC)
    with time_machine.travel(tomorrow + timedelta(hours=12)):
        seen.append({address: client.head(address).headers["ETag"] for address in addresses})

    for address in addresses:
        assert len({tags[address] for tags in seen}) == len(CHANGES) + 2


def test_a_reader_who_has_the_file_gets_304_and_no_file_is_made(varied_app, visitor):
    tag = visitor.head(CLAIMS).headers["ETag"]
    for condition in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = visitor.get(CLAIMS, headers={"If-None-Match": condition})

        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == tag
        assert answer.headers["Cache-Control"] == "private, no-cache"
    assert spool_of(varied_app) == []
    assert visitor.get(CLAIMS, headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_makes_no_file_and_has_the_size_of_one_that_was_made(varied_app, visitor):
    before = visitor.head(CLAIMS)
    assert spool_of(varied_app) == []
    assert "Content-Length" not in before.headers
    whole = visitor.get(CLAIMS)
    after = visitor.head(CLAIMS)

    assert (before.status_code, before.data, after.data) == (200, b"", b"")
    assert before.headers["ETag"] == after.headers["ETag"] == whole.headers["ETag"]
    assert after.headers["Content-Length"] == str(len(whole.data))
    assert after.headers["X-Row-Count"] == "24"
    assert after.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "part"), [("0-9", slice(0, 10)), ("10-", slice(10, None)), ("-7", slice(-7, None))]
)
def test_a_range_is_that_part_of_the_file(visitor, asked, part):
    whole = visitor.get(CLAIMS)
    size = len(whole.data)
    ranged = visitor.get(CLAIMS, headers={"Range": f"bytes={asked}"})
    head = visitor.head(CLAIMS, headers={"Range": f"bytes={asked}"})

    begin, end, _ = part.indices(size)
    assert (ranged.status_code, ranged.data) == (206, whole.data[part])
    assert ranged.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{size}"
    assert ranged.headers["Content-Length"] == str(end - begin)
    assert ranged.headers["ETag"] == whole.headers["ETag"]
    assert head.data == b""


def test_a_range_of_a_changed_file_is_answered_with_the_whole_file(visitor):
    whole = visitor.get(CLAIMS)
    some = {"Range": "bytes=5-9"}
    same = visitor.get(CLAIMS, headers={**some, "If-Range": whole.headers["ETag"]})
    other = visitor.get(CLAIMS, headers={**some, "If-Range": '"other"'})

    assert (same.status_code, same.data) == (206, whole.data[5:10])
    assert (other.status_code, other.data) == (200, whole.data)
    assert other.headers["Content-Length"] == str(len(whole.data))


def test_several_ranges_at_once_are_answered_with_the_whole_file(visitor):
    whole = visitor.get(CLAIMS)
    several = visitor.get(CLAIMS, headers={"Range": "bytes=0-1,5-9"})

    assert (several.status_code, several.data) == (200, whole.data)


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=999999-1000000"])
def test_a_range_beyond_the_end_gets_an_error_page_and_the_length_of_the_file(visitor, asked):
    size = len(visitor.get(CLAIMS).data)
    beyond = visitor.get(CLAIMS, headers={"Range": asked})

    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{size}"
    assert beyond.mimetype == "text/html"
    assert re.search(r"<h1[^>]*>\s*Outside the file", beyond.text)


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=9-5", "bytes=x", "nonsense", ""])
def test_an_invalid_range_is_ignored(visitor, asked):
    whole = visitor.get(CLAIMS)

    assert visitor.get(CLAIMS, headers={"Range": asked}).data == whole.data


def test_if_match_with_another_tag_gives_412(visitor):
    whole = visitor.get(CLAIMS)
    same = visitor.get(CLAIMS, headers={"If-Match": whole.headers["ETag"]})
    other = visitor.get(CLAIMS, headers={"If-Match": '"other"'})

    assert (same.status_code, same.data) == (200, whole.data)
    assert other.status_code == 412
    assert b"claim_reference" not in other.data
    assert re.search(r"<h1[^>]*>\s*Changed in the meantime", other.text)


@pytest.mark.parametrize("form", FORMS)
def test_the_manifest_describes_the_file_and_its_query_gives_it_again(visitor, form):
    address = f"/export_ledger?format={form}&as_at=2024-05-20&entry_type=PAYMENT"
    answer = visitor.get(f"{address}&manifest=1")
    manifest, whole = answer.json, visitor.get(address)
    again = visitor.get(f"/export_ledger?{manifest['query']}")

    assert manifest["file"]["sha256"] == hashlib.sha256(whole.data).hexdigest()
    assert manifest["file"]["size"] == len(whole.data)
    assert manifest["file"]["media_type"] == whole.headers["Content-Type"]
    assert manifest["file"]["name"] in whole.headers["Content-Disposition"]
    assert str(manifest["rows"]) == whole.headers["X-Row-Count"]
    assert again.data == whole.data
    assert again.headers["ETag"] == whole.headers["ETag"]
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert set(manifest) == {
        "file", "contents", "rows", "totals", "currency", "time_zone", "as_at", "basis", "filter",
        "sort", "query", "watermark", "next_since", "schema_version", "columns", "made",
    }  # fmt: skip
    assert set(manifest["totals"]) == {"paid", "outstanding", "claim_cost", "recovered"}
    assert manifest["filter"] == {"entry_type": ["PAYMENT"]}
    assert all(isinstance(amount, str) for amount in manifest["totals"].values())


def test_requests_at_the_same_time_get_the_same_file_or_a_503(varied_app, visitor):
    def ask(number: int):
        return varied_app.test_client().get(CLAIMS)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(ask, range(12)))

    whole = visitor.get(CLAIMS)

    assert {answer.status_code for answer in answers} <= {200, 503}
    assert {answer.data for answer in answers if answer.status_code == 200} == {whole.data}
    assert all("Retry-After" in each.headers for each in answers if each.status_code == 503)
    assert len([path for path in spool_of(varied_app) if not path.suffix]) == 1
