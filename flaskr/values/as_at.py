"""What a cut is: the end of a day, on one of two clocks, and the facts as they were at it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, select, true
from sqlalchemy.orm import aliased

from flaskr.database import is_embedded
from flaskr.values.calendar import day_end


class Basis(StrEnum):
    """Which clock a cut goes by."""

    KNOWN = "known"  # what had been recorded when the day ended
    BOOKED = "booked"  # what belongs to the days until then, as known today


@dataclass(frozen=True)
class Valuation:
    """The end of a day, by one clock."""

    day: date
    basis: Basis = Basis.KNOWN


def facts_as_at(current: Any, revision: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the columns of facts as a cut knew them: the first revision after it, else today's."""
    return {
        name: case(
            (revision.id.is_not(None), getattr(revision, name)), else_=getattr(current, name)
        )
        for name in names
    }


@dataclass(frozen=True)
class Seek:
    """Which one of a row's many says how the row was at a cut: the first by `order` that `counts`.

    Only rows that `changed` after the cut look for it; the others are at it as they are now. So a
    cut costs what today does, and a seek for each row that has changed since.
    """

    row: Any
    many: Any
    owner: str  # the column of `many` that names the row
    changed: ColumnElement[bool]
    counts: Callable[[Any], ColumnElement[bool]]
    order: Callable[[Any], tuple[ColumnElement[Any], ...]]


def revision_as_at(day: date, row: Any, revision: Any, owner: str) -> Seek:
    """Seek what a row that was edited after the cut said at it; the first version has no edits."""
    return Seek(
        row=row,
        many=revision,
        owner=owner,
        changed=row.version > 1,
        counts=lambda edited: edited.replaced_at >= day_end(day),
        order=lambda edited: (edited.id,),
    )


def join_sought(source: Any, seek: Seek) -> tuple[Any, Any]:
    """Join to each row of a source the one that it seeks; return the source and what was joined.

    What was joined is NULL where there is none, and on rows that have not changed.
    """
    if is_embedded():
        found = aliased(seek.many)
        return source.outerjoin(found, found.id == case((seek.changed, _sought_id(seek)))), found
    # PostgreSQL would rather read all of the many than seek some by id; so it is told how.
    many = aliased(seek.many)
    one = _first_that_counts(seek, many, select(many)).subquery()
    # OFFSET 0 keeps the condition out of the join, where it would be asked after the seek.
    gated = select(one).where(seek.changed).correlate(seek.row).offset(0).lateral()
    return source.outerjoin(gated, true()), aliased(seek.many, gated)


def _sought_id(seek: Seek) -> Any:
    """Return SQL for the id of the one that a row seeks."""
    many = aliased(seek.many)
    return _first_that_counts(seek, many, select(many.id)).scalar_subquery()


def _first_that_counts(seek: Seek, many: Any, chosen: Select[Any]) -> Select[Any]:
    """Select of a row's many the one that it seeks."""
    own = chosen.where(getattr(many, seek.owner) == seek.row.id, seek.counts(many))
    return own.order_by(*seek.order(many)).limit(1).correlate(seek.row)
