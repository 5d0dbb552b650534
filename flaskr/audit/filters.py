"""The filter of audit events, shared by the trail's page and its export."""

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from flaskr.audit.models import Action, AuditEvent, EventTexts, Subject
from flaskr.errors import TextError
from flaskr.facts.closed_lists import ReasonCode
from flaskr.values.calendar import day_end
from flaskr.values.text import stored_text
from flaskr.web.list_filters import Filter
from flaskr.web.paging import Listing, NumberedListing
from flaskr.web.parameters import (
    ParameterType,
    choice_parameter,
    choices_parameter,
    date_parameter,
    parameter_field,
    text_parameter,
)
from flaskr.web.sql_conditions import has_text, json_text
from flaskr.web.template_filters import label_of


class NamesSeen(StrEnum):
    """Whether the events of who saw names are listed; without a choice they are."""

    HIDDEN = "hidden"
    ONLY = "only"


_DIGEST = re.compile(r"[0-9a-f]{8,64}")
_RECORDED_DIGITS = 16  # of an uploaded file's SHA-256


def _parse_digest(text: str) -> str:
    """Parse a SHA-256 or its first digits; raises TextError."""
    digest = text.lower()
    if not _DIGEST.fullmatch(digest):
        raise TextError("Give all 64 hexadecimal digits, or at least the first 8.")
    return digest


@dataclass(frozen=True, kw_only=True)
class TrailFilter(Filter):
    """Which events, in which order; an event has to match all the parameters.

    `who` is the exact actor, `what` any of several actions, `kind` and `subject` the object.
    `day_from` and `day_to` are days in the book's time zone, both included. `sha256` is that of a
    file, or how it begins; `names_seen` hides the events of who saw names, which are many, or shows
    no others; `request_id` is exact; `why` is searched for in the reasons, and `text`
    in the actor and the subject. Newest first, or oldest first with sort=recorded.
    """

    who: str = parameter_field(ParameterType(stored_text), "")
    what: tuple[Action, ...] = choices_parameter(Action)
    names_seen: NamesSeen | None = choice_parameter(NamesSeen)
    kind: Subject | None = choice_parameter(Subject)
    subject: str = parameter_field(ParameterType(stored_text), "")
    day_from: date | None = date_parameter()
    day_to: date | None = date_parameter()
    sha256: str = parameter_field(ParameterType(_parse_digest), "")
    request_id: str = parameter_field(ParameterType(stored_text), "")
    why: str = text_parameter()
    text: str = text_parameter()

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions on events."""
        conditions: list[ColumnElement[bool]] = []
        if self.who:
            conditions.append(AuditEvent.actor == self.who)
        if self.what:
            conditions.append(AuditEvent.action.in_(self.what))
        if self.names_seen:
            is_hidden = self.names_seen is NamesSeen.HIDDEN
            is_seen = AuditEvent.action == Action.NAMES_SEEN
            conditions.append(~is_seen if is_hidden else is_seen)
        if self.kind:
            conditions.append(AuditEvent.subject_kind == self.kind)
        if self.subject:
            conditions.append(AuditEvent.subject == self.subject)
        if self.day_from:
            conditions.append(AuditEvent.recorded_at >= day_end(self.day_from - timedelta(days=1)))
        if self.day_to:
            conditions.append(AuditEvent.recorded_at < day_end(self.day_to))
        if self.sha256:
            conditions.append(self._is_of_file())
        if self.request_id:
            conditions.append(AuditEvent.request_id == self.request_id)
        if self.why:
            conditions.append(self._has_reason())
        return [*conditions, self.has_text()] if self.text else conditions

    def _is_of_file(self) -> ColumnElement[bool]:
        """Return the condition that an event names a file with the SHA-256.

        In JSON a quote inside a text is escaped, so only a name and its value match.
        """
        of_file = AuditEvent.after.contains(f'"sha256": "{self.sha256}')
        of_upload = AuditEvent.after.contains(f" bytes, sha256 {self.sha256[:_RECORDED_DIGITS]}")
        return or_(of_file, of_upload)

    def _has_reason(self) -> ColumnElement[bool]:
        """Return the condition that the reason in words, or the name of its code, has the text.

        Earlier versions kept the reason in the event itself.
        """
        after = AuditEvent.after.expression
        in_json = has_text(after, json.dumps(self.why, ensure_ascii=False)[1:-1])
        in_words = and_(in_json, has_text(json_text(after, "reason"), self.why))  # parses few
        shown = self.why.lower().replace("_", " ")
        codes = [code for code in ReasonCode if shown in label_of(code)]
        of_code = (after.contains(f'"reason_code": "{code}"', autoescape=True) for code in codes)
        return or_(self._is_reason_beside(), in_words, *of_code)

    def _is_reason_beside(self) -> ColumnElement[bool]:
        """Return the condition that the reason that is kept beside the event has the text."""
        with_reason = select(EventTexts.event_id).where(
            has_text(EventTexts.reason.expression, self.why)
        )
        return AuditEvent.id.in_(with_reason)

    def has_text(self) -> ColumnElement[bool]:
        """Return the condition that the actor or the subject contains the text."""
        columns = (AuditEvent.actor.expression, AuditEvent.subject.expression)
        return or_(*(has_text(column, self.text) for column in columns))

    def rows(self) -> Select[Any]:
        """Select the matching events in order."""
        in_order = self.order(None).clauses(AuditEvent.id)
        return event_rows().where(*self.conditions()).order_by(*in_order)

    def listing(self) -> Listing:
        """Return the same events for paging."""
        selected = select(AuditEvent.id).where(*self.conditions())
        return NumberedListing(selected, event_rows(), AuditEvent, "event_id", self.order(None))


def event_rows() -> Select[Any]:
    """Select all events, one row each, unordered, with the reason that is kept beside each."""
    columns: list[Any] = [AuditEvent.id.label("event_id")]
    columns += [column for column in AuditEvent.__table__.columns if column.name != "id"]
    rows = select(*columns, EventTexts.reason)
    return rows.outerjoin(EventTexts, EventTexts.event_id == AuditEvent.id)
