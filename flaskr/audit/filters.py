"""Which events a page shows and a file has: one object, from the parameters of either address."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.values.calendar import day_end
from flaskr.values.text import clean_text
from flaskr.web.conditions import has_text
from flaskr.web.filters import Filter
from flaskr.web.paging import Listing, NumberedListing
from flaskr.web.parameters import ParameterType, a_day, a_text, any_of, one_of, parameter_field


@dataclass(frozen=True, kw_only=True)
class TrailFilter(Filter):
    """Which events, in which order; all that is given has to hold.

    `who` is a name as the trail has it, `what` any of several actions; `kind` and `subject` say on
    what, `day_from` and `day_to` are days in the book's time zone, both included. `text` is looked
    for in who and on what. Newest first, or with sort=recorded the other way round.
    """

    who: str = parameter_field(ParameterType(clean_text), "")
    what: tuple[Action, ...] = any_of(Action)
    kind: Subject | None = one_of(Subject)
    subject: str = parameter_field(ParameterType(clean_text), "")
    day_from: date | None = a_day()
    day_to: date | None = a_day()
    text: str = a_text()

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what has to hold of events."""
        found: list[ColumnElement[bool]] = []
        if self.who:
            found.append(AuditEvent.actor == self.who)
        if self.what:
            found.append(AuditEvent.action.in_(self.what))
        if self.kind:
            found.append(AuditEvent.subject_kind == self.kind)
        if self.subject:
            found.append(AuditEvent.subject == self.subject)
        if self.day_from:
            found.append(AuditEvent.recorded_at >= day_end(self.day_from - timedelta(days=1)))
        if self.day_to:
            found.append(AuditEvent.recorded_at < day_end(self.day_to))
        return [*found, self.has_text()] if self.text else found

    def has_text(self) -> ColumnElement[bool]:
        """Return the condition that the text is in who or on what."""
        columns = (AuditEvent.actor.expression, AuditEvent.subject.expression)
        return or_(*(has_text(column, self.text) for column in columns))

    def rows(self) -> Select[Any]:
        """Select the events in order: what a file has, and a page shows a part of."""
        in_order = self.order(None).clauses(AuditEvent.id)
        return event_rows().where(*self.conditions()).order_by(*in_order)

    def listing(self) -> Listing:
        """Return the same events, to be paged."""
        selected = select(AuditEvent.id).where(*self.conditions())
        return NumberedListing(selected, event_rows(), AuditEvent, "event_id", self.order(None))


def event_rows() -> Select[Any]:
    """Select every event, one row each, in no order."""
    columns: list[Any] = [AuditEvent.id.label("event_id")]
    columns += [column for column in AuditEvent.__table__.columns if column.name != "id"]
    return select(*columns)
