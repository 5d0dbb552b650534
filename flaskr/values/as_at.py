"""As-at dates: the state of rows at the end of a day, on one of two bases."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, inspect, select, true
from sqlalchemy.orm import aliased

from flaskr.database.engine import is_embedded
from flaskr.values.calendar import day_end


class Basis(StrEnum):
    """Which date of an entry decides whether it counts at an as-at date."""

    KNOWN = "known"  # the recording: what had been recorded by the end of the day
    BOOKED = "booked"  # the transaction date: what belongs to the day or before, as known today


@dataclass(frozen=True)
class Valuation:
    """An as-at date and its basis; entries of the day itself count."""

    day: date
    basis: Basis = Basis.KNOWN


def facts_as_at(current: Any, revision: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the columns of facts as they were: from the first later revision, else the row."""
    return {
        name: case(
            (revision.id.is_not(None), getattr(revision, name)), else_=getattr(current, name)
        )
        for name in names
    }


def copy_as_at(current: Any, then: Row[Any]) -> Any:
    """Return a copy of a row of the book as a select as at a date has it.

    The copy is not in the session; what the select does not have is as it is now.
    """
    columns = inspect(type(current)).column_attrs.keys()
    source = then._mapping
    return type(current)(
        **{name: source[name] if name in source else getattr(current, name) for name in columns}
    )


@dataclass(frozen=True)
class HistoryLookup:
    """How to find the history row that holds a row's state at a date: the first match by `order`.

    Only rows that may have changed since (`has_changed`) are looked up; the others were as they
    are now. So a list as at a date costs what today's does, and one seek for each changed row.
    """

    row: Any
    history: Any
    foreign_key: str  # the column of `history` that refers to the row
    has_changed: ColumnElement[bool]
    matches: Callable[[Any], ColumnElement[bool]]
    order: Callable[[Any], tuple[ColumnElement[Any], ...]]


def revision_lookup(day: date, row: Any, revision: Any, foreign_key: str) -> HistoryLookup:
    """Look up the first revision replaced after `day`; a row of version 1 has no revisions."""
    return HistoryLookup(
        row=row,
        history=revision,
        foreign_key=foreign_key,
        has_changed=row.version > 1,
        matches=lambda revisions: revisions.replaced_at >= day_end(day),
        order=lambda revisions: (revisions.id,),
    )


def join_history(source: Any, lookup: HistoryLookup) -> tuple[Any, Any]:
    """Join each row's history row to a source; return the source and the joined alias.

    The joined columns are NULL where nothing matches, and on rows that have not changed.
    """
    if is_embedded():
        joined = aliased(lookup.history)
        row_id = case((lookup.has_changed, _history_id(lookup)))
        return source.outerjoin(joined, joined.id == row_id), joined
    # PostgreSQL would scan the whole history instead of seeking by id; the lateral join forces it.
    history = aliased(lookup.history)
    one = _first_match(lookup, history, select(history)).subquery()
    # OFFSET 0 keeps the condition out of the join, where it would be checked after the seek.
    lateral = select(one).where(lookup.has_changed).correlate(lookup.row).offset(0).lateral()
    return source.outerjoin(lateral, true()), aliased(lookup.history, lateral)


def _history_id(lookup: HistoryLookup) -> Any:
    """Return SQL for the id of a row's history row."""
    history = aliased(lookup.history)
    return _first_match(lookup, history, select(history.id)).scalar_subquery()


def _first_match(lookup: HistoryLookup, history: Any, columns: Select[Any]) -> Select[Any]:
    """Select the first matching history row of a row."""
    of_row = getattr(history, lookup.foreign_key) == lookup.row.id
    matching = columns.where(of_row, lookup.matches(history))
    return matching.order_by(*lookup.order(history)).limit(1).correlate(lookup.row)
