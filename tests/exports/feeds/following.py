"""A reader's copy of the feeds, and the same from the tables of the book."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from werkzeug.datastructures import MultiDict

from flaskr.book.sealing.queries import watermark
from flaskr.claims.models import CLAIM_FACTS, Claim, ClaimRevision, LedgerEntry
from flaskr.exports.parameters import file_request
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents, RevisionContents
from flaskr.policies.models import POLICY_FACTS, Policy, PolicyRevision

LEDGER, REVISIONS = Contents.LEDGER, RevisionContents.REVISIONS
ENTRY = ("entry_id", "claim_id", "entry_type", "transaction_date", "recorded_at", "paid")
VERSION = ("kind", "reference", "version")
RECORDING = ("recorded_at", "recorded_by", "import_id", "text_changed")
Row = dict[str, Any]


def feed(contents: Contents | RevisionContents, since: str) -> Select[Any]:
    """The rows of a feed since a seal."""
    parameters = MultiDict({"since": since} if since else {})
    return file_request(contents, parameters).row_filter.rows()


class Reader:
    """A copy of the ledger and of the versions of facts, which follows the book by `since`."""

    def __init__(self) -> None:
        self.since = ""
        self.entries: dict[int, tuple] = {}
        self.versions: dict[tuple, Row] = {}

    def follow(self) -> int:
        """Read what came since the last time; return the number of versions."""
        for row in db.session.execute(feed(LEDGER, self.since)):
            assert row.entry_id not in self.entries
            self.entries[row.entry_id] = tuple(getattr(row, name) for name in ENTRY)
        versions = [dict(row._mapping) for row in db.session.execute(feed(REVISIONS, self.since))]
        for version in versions:
            del version["row_id"]
            self.versions[tuple(version[name] for name in VERSION)] = version
        self.since = watermark()["seal"]
        return len(versions)


def entries_in_book() -> dict[int, tuple]:
    """Every ledger entry, as a reader has it."""
    names = [name.replace("entry_id", "id") for name in ENTRY]
    entries = db.session.scalars(select(LedgerEntry))
    return {entry.id: tuple(getattr(entry, name) for name in names) for entry in entries}


def versions_in_book() -> dict[tuple, Row]:
    """Every version of each claim's and policy's facts, as a reader has it."""
    numbers = {policy.id: policy.policy_number for policy in db.session.scalars(select(Policy))}
    found: dict[tuple, Row] = {}
    for history in HISTORIES:
        edits = defaultdict(list)
        for edit in db.session.scalars(select(history.revision).order_by(history.revision.id)):
            edits[getattr(edit, history.key)].append(edit)
        for row in db.session.scalars(select(history.row)):
            assert row.version == len(edits[row.id]) + 1
            for version in history.versions(row, edits[row.id]):
                version["policy_number"] = numbers.get(version.pop("policy_id", None))
                found[tuple(version[name] for name in VERSION)] = version
    return found


@dataclass(frozen=True)
class History:
    """The tables of one kind."""

    kind: str
    row: Any
    revision: Any
    reference: str
    facts: tuple[str, ...]
    text: str

    @property
    def key(self) -> str:
        return f"{self.kind}_id"

    def versions(self, row: Any, edits: list[Any]) -> Iterator[Row]:
        """Each version of a row: as it was until each edit, and as it is."""
        none = dict.fromkeys((*CLAIM_FACTS[1:], *POLICY_FACTS))
        recorded = (row.recorded_at, row.recorded_by, row.import_id, None)
        for version, (held, edit) in enumerate(zip([*edits, row], [*edits, None], strict=True), 1):
            yield none | {
                "kind": self.kind,
                "reference": getattr(row, self.reference),
                "version": version,
                **dict(zip(RECORDING, recorded, strict=True)),
                "replaced_at": edit and edit.replaced_at,
                "replaced_by": edit and edit.replaced_by,
                **{name: getattr(held, name) for name in self.facts},
            }
            if edit:
                changed = self.text if getattr(edit, f"{self.text}_changed") else None
                recorded = (edit.replaced_at, edit.replaced_by, edit.import_id, changed)


HISTORIES = (
    History("claim", Claim, ClaimRevision, "claim_reference", CLAIM_FACTS, "description"),
    History("policy", Policy, PolicyRevision, "policy_number", POLICY_FACTS, "policyholder"),
)
