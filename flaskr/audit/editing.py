"""Edit the facts of a claim or a policy: its version, revision, event and seal, in one place."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record
from flaskr.book.instants import next_instant
from flaskr.database.transactions import lock_ledger
from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.extensions import db
from flaskr.values.calendar import local_day


class PersonErased(ClaimBookError):
    """A name or a text for a row whose person was erased."""

    def __init__(self, erased_at: datetime, text: str) -> None:
        super().__init__(
            f"The person was erased on {local_day(erased_at)}, so the {text} is not stored. "
            "Leave it empty."
        )


@dataclass(frozen=True)
class Editing:
    """How the facts of one kind of row are edited.

    `number` is the column with the row's reference, `revisions` the table of its earlier facts and
    `owner_id` that table's foreign key. `text` is the column with a name or free text: it is not
    kept, only that it changed. `clean` has the functions that clean a value. `trail_facts` returns
    some facts of a row for the trail.
    """

    subject: Subject
    number: str
    revisions: Any
    owner_id: str
    facts: tuple[str, ...]
    text: str
    clean: Mapping[str, Callable[[Any], Any]]
    trail_facts: Callable[[Any, Collection[str]], dict[str, Any]]

    def changes_of(self, row: Any, values: Mapping[str, Any], seen_version: int) -> dict[str, Any]:
        """Return the values that differ from a locked row's, cleaned as it stores them.

        A value that the row has already stays as it is, though it may be refused when new.

        Raises ChangedMeanwhile when the row no longer has the version that the editor saw, and
        PersonErased for a text where the person was erased.
        """
        if unknown := set(values) - {*self.facts, self.text}:
            raise ValueError(f"not facts of a {self.subject}: {sorted(unknown)}")
        if row.version != seen_version:
            name = f"{self.subject.capitalize()} {getattr(row, self.number)}"
            raise ChangedMeanwhile(f"{name} was changed by somebody else.")
        cleaned = {
            name: self.clean[name](value)
            if name in self.clean and value != getattr(row, name)
            else value
            for name, value in values.items()
        }
        changed = {name: value for name, value in cleaned.items() if getattr(row, name) != value}
        if row.erased_at and self.text in changed:
            raise PersonErased(row.erased_at, self.text)
        return changed

    def change(self, row: Any, changed: Mapping[str, Any], *, actor: str, action: Action) -> None:
        """Give a locked row other values, and keep and record those of before.

        Locks the ledger, so the commit is sealed; other rows are locked before.
        """
        before = self.trail_facts(row, [name for name in self.facts if name in changed])
        self.keep_facts(row, changed, actor)
        for name, value in changed.items():
            setattr(row, name, value)
        db.session.flush()
        number, after = getattr(row, self.number), self.trail_facts(row, changed)
        record(action, self.subject, number, actor=actor, before=before, after=after)

    def keep_facts(self, row: Any, changed: Collection[str], actor: str) -> None:
        """Lock the ledger, keep the facts that a locked row has, and count its version."""
        lock_ledger()
        revision = {
            self.owner_id: row.id,
            f"{self.text}_changed": self.text in changed,
            **{name: getattr(row, name) for name in self.facts},
        }
        db.session.add(self.revisions(replaced_at=next_instant(), replaced_by=actor, **revision))
        row.version += 1
