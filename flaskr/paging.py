"""Pages of long lists, newest first, by key: the last page costs what the first does."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select

from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.text import lookup_key

Row = TypeVar("Row")
Member = TypeVar("Member", bound=StrEnum)
PAGE_ROWS = 50
COUNTED_ROWS = 10_000


class UnknownPage(ClaimBookError):
    """An address that goes on from a row which is not in the book."""

    status = 404


class UnknownFilter(ClaimBookError):
    """A value of a filter that there is not."""

    status = 400


def asked_for(values: type[Member], text: str) -> Member | None:
    """Return the member of a closed list that an address filters by; None for all."""
    try:
        return values(text) if text else None
    except ValueError as error:
        raise UnknownFilter(
            f"The status is one of {', '.join(values)}, not “{text[:40]}”."
        ) from error


@dataclass(frozen=True)
class Cursor:
    """Where a page stands: after or before the row of a reference, at the end, or at the start."""

    after: str = ""
    before: str = ""
    is_last: bool = False

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "Cursor":
        """Read ?after=, ?before= or ?page=last; without them it is the first page."""
        return cls(query.get("after", ""), query.get("before", ""), query.get("page") == "last")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of one page, and whether there are newer and older ones."""

    rows: list[Row]
    has_newer: bool
    has_older: bool


@dataclass(frozen=True)
class Count:
    """A number of rows: exact to 10,000, beyond that only "more"."""

    rows: int
    is_more: bool


@dataclass(frozen=True)
class Listing:
    """A select of one model whose rows addresses name by a reference: what can be paged."""

    selected: Select[Any]
    model: Any
    reference: str  # the attribute; its key column is called <reference>_key

    def count(self) -> Count:
        """Count the rows, and stop at 10,000."""
        keys = self.selected.with_only_columns(self.model.id).order_by(None)
        some = keys.limit(COUNTED_ROWS + 1).subquery()
        rows = db.session.scalar(select(func.count()).select_from(some)) or 0
        return Count(min(rows, COUNTED_ROWS), rows > COUNTED_ROWS)

    def page(self, cursor: Cursor) -> Page[Any]:
        """Return one page by falling id; raises UnknownPage when the cursor's row is not there."""
        if cursor.after:
            rows, has_older = self.older(self.row_id(cursor.after))
            return Page(rows, True, has_older)
        if cursor.before or cursor.is_last:
            rows, has_newer = self.newer(self.row_id(cursor.before) if cursor.before else None)
            if has_newer or cursor.is_last:
                return Page(rows, has_newer, bool(cursor.before))
        rows, has_older = self.older(None)
        return Page(rows, False, has_older)

    def older(self, row_id: int | None) -> tuple[list[Any], bool]:
        """Return the newest rows, of those older than a row if given, and if there are more."""
        rows = self.selected if row_id is None else self.selected.where(self.model.id < row_id)
        return self.cut(rows.order_by(self.model.id.desc()))

    def newer(self, row_id: int | None) -> tuple[list[Any], bool]:
        """Return the oldest rows, of those newer than a row if given, newest first, and if more."""
        rows = self.selected if row_id is None else self.selected.where(self.model.id > row_id)
        found, is_more = self.cut(rows.order_by(self.model.id))
        return found[::-1], is_more

    def cut(self, rows: Select[Any]) -> tuple[list[Any], bool]:
        """Return the first page of a select, and whether there is more."""
        found = list(db.session.scalars(rows.limit(PAGE_ROWS + 1)))
        return found[:PAGE_ROWS], len(found) > PAGE_ROWS

    def row_id(self, reference: str) -> int:
        """Return the id of the row that a cursor names."""
        key = getattr(self.model, f"{self.reference}_key")
        found = db.session.scalar(select(self.model.id).where(key == lookup_key(reference)))
        if found is None:
            raise UnknownPage("That page begins at a row that is not in the book.")
        return found
