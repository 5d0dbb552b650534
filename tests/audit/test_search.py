"""The trail is searched by the SHA-256 of a file, by request and by reason, on page and in file."""

import json

import pytest

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import Origin, origin
from flaskr.extensions import db
from tests.audit.events import make_event
from tests.audit.test_page import numbers

pytestmark = pytest.mark.both_databases

DIGEST = "00a1" * 16
OTHER = "12345678" * 8


@pytest.fixture
def traces(app):
    """Nine events; the numbers in the tests are theirs."""
    with app.app_context():
        token = origin.set(Origin("page", "192.0.2.7", "abc123def456"))
        of_file(Action.FILE_EXPORTED, sha256=DIGEST, reason="Complaint 100 % from Åsa_Öberg")
        origin.reset(token)
        of_file(Action.MANIFEST_READ, sha256=DIGEST)
        of_file(Action.EXPORT_KEPT, "year end", sha256=OTHER, reason='says "reason": "fraud"')
        upload = {"files": [f"7 bytes, sha256 {DIGEST[:16]}", f"8 bytes, sha256 {OTHER[:16]}"]}
        make_event(Action.IMPORT_SENT, Subject.IMPORT, "job", after=upload)
        make_event(Action.BOOK_EXPORTED, Subject.BOOK, "book", after={"file": DIGEST, "size": 7})
        entry = {"reason_code": "wrong_amount", "reason": "changed"}
        make_event(Action.ENTRY_POSTED, Subject.CLAIM, "W-1", after=entry)
        of_file(Action.FILE_EXPORTED, sha256="f" * 64, size=12345678, reason="100 kronor")
        fooled = {"note": '"sha256": "12345678', "reason": None}
        make_event(Action.USER_CHANGED, after=fooled)
        make_event(Action.USER_CHANGED, after={"reasons": "fraud", "note": "reason fraud"})
        db.session.commit()


def of_file(action: Action, subject: str = "/export_claims?format=csv", **after) -> None:
    """Record an event of a file."""
    make_event(action, Subject.FILE, subject, after=after)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"sha256": DIGEST}, [4, 2, 1]),
        ({"sha256": DIGEST.upper()}, [4, 2, 1]),
        ({"sha256": DIGEST[:8]}, [4, 2, 1]),
        ({"sha256": DIGEST[:40]}, [4, 2, 1]),
        ({"sha256": OTHER}, [4, 3]),
        ({"sha256": OTHER[:8]}, [4, 3]),
        ({"sha256": "00a1" * 15 + "00a2"}, [4]),  # of an upload only 16 digits are recorded
        ({"sha256": "0a100a10"}, []),  # in the middle of one
        ({"request_id": "abc123def456"}, [1]),
        ({"request_id": "abc123def45"}, []),
        ({"request_id": "abc123def45_"}, []),
        ({"why": "COMPLAINT"}, [1]),
        ({"why": "åsa_öberg"}, [1]),
        ({"why": "100 %"}, [1]),
        ({"why": "100"}, [7, 1]),
        ({"why": "Åsa%berg"}, []),
        ({"why": "fraud"}, [3]),
        ({"why": '"fraud"'}, [3]),
        ({"why": "\\"}, []),
        ({"why": "wrong amount"}, [6]),
        ({"why": "wrong_amount"}, [6]),
        ({"why": "wrong", "kind": "claim"}, [6]),
        ({"sha256": DIGEST, "why": "complaint"}, [1]),
    ],
)
def test_a_search_finds_the_events_that_match(client, traces, query, expected):
    assert numbers(client.get("/trail", query_string=query)) == expected

    file = client.get("/export_trail", query_string={"format": "jsonl", **query})
    assert [json.loads(line)["event_id"] for line in file.text.splitlines()] == expected


@pytest.mark.parametrize(
    "text", ["00a100a", "00a1" * 17, "g" * 8, "00a1%00a1", "____________", "²²²²²²²²", "sha-256="]
)
def test_what_is_no_digest_is_refused_in_a_sentence(client, text):
    page = client.get("/trail", query_string={"sha256": text})
    file = client.get("/export_trail", query_string={"sha256": text})

    assert (page.status_code, file.status_code) == (400, 400)
    for answer in (page, file):
        assert "SHA-256: Give all 64 hexadecimal digits, or at least the first 8." in answer.text


def test_the_trail_does_not_repeat_the_reason_that_somebody_searched_for(client, traces):
    client.get("/export_trail?why=Åsa", buffered=True)

    assert "/export_trail?format=csv&amp;why=*" in client.get("/trail").text
