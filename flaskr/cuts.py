"""What a cut is: the end of a day, on one of two clocks, and the facts as they were at it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import aliased

from flaskr.calendar import day_end


class Basis(StrEnum):
    """Which clock a cut goes by."""

    KNOWN = "known"  # what had been recorded when the day ended
    BOOKED = "booked"  # what belongs to the days until then, as known today


@dataclass(frozen=True)
class Cut:
    """The end of a day, by one clock."""

    day: date
    basis: Basis = Basis.KNOWN


def facts_in_cut(current: Any, revision: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the columns of facts as a cut knew them: the first revision after it, else today's."""
    return {
        name: case(
            (revision.id.is_not(None), getattr(revision, name)), else_=getattr(current, name)
        )
        for name in names
    }


@dataclass(frozen=True)
class Pick:
    """Which one of a row's many to join to it: the lowest or highest id of those that count."""

    many: Any
    owner: str  # the column of `many` that names the row
    by: Callable[[Any], ColumnElement[Any]]  # func.min or func.max
    counts: Callable[[Any], ColumnElement[bool]]


def revision_in_cut(day: date, revision: Any, owner: str) -> Pick:
    """Pick what a row that was edited after the cut said at it."""
    return Pick(revision, owner, func.min, lambda edited: edited.replaced_at >= day_end(day))


def join_picked(source: Any, row: Any, pick: Pick, for_page: bool) -> Any:
    """Join to each row of a source the one that is picked for it, if there is one.

    For a page each row seeks its own, which costs what the page has rows; for a whole book one pass
    over all of them costs less, on PostgreSQL by far.
    """
    many = aliased(pick.many)
    owner, picked = getattr(many, pick.owner), pick.by(many.id)
    if for_page:
        own = select(picked).where(owner == row.id, pick.counts(many)).correlate(row)
        return source.outerjoin(pick.many, pick.many.id == own.scalar_subquery())
    each = (
        select(owner.label("owner_id"), picked.label("picked_id"))
        .where(pick.counts(many))
        .group_by(owner)
        .subquery()
    )
    source = source.outerjoin(each, each.c.owner_id == row.id)
    return source.outerjoin(pick.many, pick.many.id == each.c.picked_id)
