"""What the trail says about a file to verify: by which events this book handed it out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from flaskr.audit.models import Action
from flaskr.audit.queries import events_of_file, keeping_event, trail_beginning
from flaskr.database.transactions import separate_read
from flaskr.exports.kept.files import folder_of
from flaskr.exports.trail_recording import MANIFEST_DIGEST
from flaskr.exports.verify.manifests import KnownFile, cut_label
from flaskr.web.template_filters import format_instant

_MOST_SHOWN = 4
_WITH_MANIFEST = (Action.MANIFEST_READ, Action.EXPORT_KEPT)


@dataclass(frozen=True)
class HandedOut:
    """The events by which a file was handed out or kept, oldest first, and the cuts it was of.

    `manifests` are the digests of all manifests that described it; None if not all are known.
    """

    events: Sequence[Any]
    cuts: frozenset[str]
    manifests: frozenset[str] | None

    @property
    def first_and_last(self) -> Sequence[Any]:
        """The first event and the last, or all if they are few."""
        is_few = len(self.events) <= _MOST_SHOWN
        return self.events if is_few else (self.events[0], self.events[-1])

    @property
    def more(self) -> int:
        """How many events there are between the first and the last that are shown."""
        return len(self.events) - len(self.first_and_last)


@dataclass(frozen=True)
class KeptOtherwise:
    """The event by which another file was kept under the name of a kept export, and its SHA-256."""

    name: str
    event: Any
    sha256: str


@dataclass(frozen=True)
class TrailOfFile:
    """What the trail says about a file.

    `described` are the events of the file that the manifest describes, if that is another one.
    `begins_at` is the instant of the trail's first event; None if it is empty.
    """

    handed_out: HandedOut
    described: HandedOut
    kept_otherwise: KeptOtherwise | None
    begins_at: datetime | None

    @property
    def confirms(self) -> bool:
        """Whether this book made the file, and kept no other one under its name."""
        return bool(self.handed_out.events) and self.kept_otherwise is None

    @property
    def finding(self) -> str:
        """What the trail says about the file, as a sentence before the events."""
        if self.handed_out.events:
            return "This book made exactly this file:"
        begins = f", which begins {format_instant(self.begins_at)}," if self.begins_at else ""
        unknown = f"The trail of this book{begins} has no file with this SHA-256."
        if self.described.events:
            return f"{unknown} This book made the file that the manifest describes:"
        return (
            f"{unknown} The file is from another book, from before the trail, or it was changed "
            "together with its manifest."
        )

    @property
    def shown(self) -> HandedOut:
        """The events of the file, else of the file that the manifest describes."""
        return self.handed_out if self.handed_out.events else self.described


def trail_of_file(sha256: str, known: KnownFile | None) -> TrailOfFile:
    """Return what the trail says about a file with this SHA-256, and about its manifest."""
    is_other = known is not None and known.sha256 != sha256
    with separate_read() as connection:
        return TrailOfFile(
            handed_out=_handed_out(connection, sha256),
            described=_handed_out(connection, known.sha256 if known and is_other else ""),
            kept_otherwise=_kept_otherwise(connection, sha256, known.kept_name if known else ""),
            begins_at=connection.scalar(trail_beginning()),
        )


def _handed_out(connection: Connection, sha256: str) -> HandedOut:
    """Return the events of a file with this SHA-256; none if it is empty."""
    events = connection.execute(events_of_file(sha256)).all() if sha256 else []
    recorded = [json.loads(event.after) for event in events]
    cuts = frozenset(cut_label(facts) for facts in recorded if "as_at" in facts)
    return HandedOut(events, cuts, _manifests(events, recorded))


def _manifests(events: Sequence[Any], recorded: Sequence[dict[str, Any]]) -> frozenset[str] | None:
    """Return the digests of the manifests; None if one was written before they were recorded."""
    digests = [
        facts.get(MANIFEST_DIGEST)
        for event, facts in zip(events, recorded, strict=True)
        if event.action in _WITH_MANIFEST or event.through == "command"
    ]
    return None if None in digests else frozenset(filter(None, digests))


def _kept_otherwise(connection: Connection, sha256: str, name: str) -> KeptOtherwise | None:
    """Return the event by which a file with another SHA-256 was kept under a name."""
    subjects = (folder_of(Path(), name).name, name)
    event = connection.execute(keeping_event(subjects)).first() if name else None
    kept = json.loads(event.after)["sha256"] if event else sha256
    return None if kept == sha256 else KeptOtherwise(name, event, kept)
