"""The check of the whole book: its rules, its seals, and the seals that were seen outside it."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import select

from flaskr.audit.models import AuditEvent
from flaskr.book.sealing.chain import broken_seals
from flaskr.book.sealing.queries import SealName, contains_seal, parse_seal
from flaskr.claims.check.services import disagreements
from flaskr.database.append_only import missing_triggers
from flaskr.errors import ClaimBookError, TextError
from flaskr.exports.kept.files import kept_exports
from flaskr.exports.kept.services import seals_of_other_histories
from flaskr.extensions import db


class _NoSeal(ClaimBookError):
    """A manifest that names no seal."""


def book_faults(kept_folder: Path, seen: Iterable[SealName] = ()) -> Iterator[str]:
    """Yield a sentence for everything that is wrong; in one read transaction.

    `seen` are seals that the user has seen in this book, beside those that its trail and its kept
    exports name.
    """
    for trigger in missing_triggers(db.session.connection()):
        yield f"trigger {trigger}, which keeps rows from being changed, is missing or switched off"
    for fault in disagreements():
        yield f"{fault.subject}: {fault.text}"
    yield from broken_seals(db.session.connection().connection.driver_connection)
    for seal in seen:
        if not contains_seal(seal):
            yield f"this book does not contain the seal {seal}"
    for event_id, text in _seals_of_trail():
        if not contains_seal(parse_seal(text)):
            yield _other_history(f"the file of event {event_id} of the trail", text)
    for name, kept_seal in seals_of_other_histories(kept_exports(kept_folder)).items():
        yield _other_history(f"kept export “{name}”", kept_seal)


def seal_of_manifest(path: Path) -> SealName:
    """Return the seal of the book that a manifest's file was made from.

    Raises _NoSeal for a file that is no manifest, or one from before books had seals.
    """
    try:
        return parse_seal(json.loads(path.read_bytes())["watermark"]["seal"])
    except (ValueError, LookupError, TypeError, AttributeError, TextError) as error:
        raise _NoSeal(f"{path} does not name a seal of the book.") from error


def _other_history(subject: str, seal: SealName | str) -> str:
    """Return the sentence for a file with a seal that the book does not contain."""
    return f"{subject} was made from another history: the book does not contain {seal}"


def _seals_of_trail() -> Iterator[tuple[int, str]]:
    """Yield the event and the text of each seal that the trail names, once."""
    rows = select(AuditEvent.id, AuditEvent.after).where(AuditEvent.after.contains('"seal": "'))
    told: set[str] = set()
    for event_id, after in db.session.execute(rows.order_by(AuditEvent.id)):
        text = json.loads(after or "{}").get("seal")
        if text and text not in told:
            told.add(text)
            yield event_id, text
