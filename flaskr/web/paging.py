"""Keyset paging of long lists in any order: no page reads the rows before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select

from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.values.money import ZERO
from flaskr.values.text import lookup_key
from flaskr.web.ordering import NEWEST_FIRST, RowPosition, SortOrder

Row = TypeVar("Row")
PAGE_ROWS = 50
COUNTED_ROWS = 10_000
_MAX_DIGITS = 18
PAGE_PARAMETERS = ("after", "before", "page")


class UnknownPage(ClaimBookError):
    """A cursor that names a row which is not in the book."""

    status = 404


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after or before a row by reference, at the end, or at the start."""

    after: str = ""
    before: str = ""
    is_last: bool = False

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "Cursor":
        """Parse ?after=, ?before= or ?page=last; without them it is the first page."""
        return cls(query.get("after", ""), query.get("before", ""), query.get("page") == "last")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of one page, and whether there are newer ones before and older ones after."""

    rows: list[Row]
    has_newer: bool
    has_older: bool

    @property
    def is_whole(self) -> bool:
        """Whether the page has all the rows."""
        return not (self.has_newer or self.has_older)


@dataclass(frozen=True)
class Count:
    """A number of rows with sums over them; past 10,000 rows only `is_more`, and no sums."""

    rows: int
    is_more: bool = False
    sums: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """A list of rows that can be paged, each identified by a reference.

    `selected` is the filtered select. `rows` selects what is shown, its first column the model's
    id; it is not filtered, because a page may continue from a row that no longer matches.
    """

    selected: Select[Any]
    rows: Select[Any]
    model: Any
    reference: str  # the attribute; its key column is called <reference>_key
    order: SortOrder = NEWEST_FIRST

    def count(self, page: Page[Any] | None = None, names: Sequence[str] = ()) -> Count:
        """Count the rows and sum the columns in `names`; past 10,000 rows there are no sums.

        It takes one query of at most 10,001 ids, and none if `page` has all the rows.
        """
        first_ids = self.selected.with_only_columns(self.model.id).limit(COUNTED_ROWS + 1)
        if page is not None and page.is_whole:
            ids = [row[0] for row in page.rows]
        elif names:
            ids = list(db.session.scalars(first_ids))
        else:
            rows = db.session.scalar(select(func.count()).select_from(first_ids.subquery())) or 0
            return Count(min(rows, COUNTED_ROWS), rows > COUNTED_ROWS)
        if len(ids) > COUNTED_ROWS:
            return Count(COUNTED_ROWS, is_more=True)
        return Count(len(ids), sums=self.sums(ids, names))

    def sums(self, ids: Sequence[int], names: Sequence[str]) -> dict[str, Decimal]:
        """Return the sums of columns of amounts over the rows with these ids."""
        if not names:
            return {}
        rows = self.rows.where(self.model.id.in_(ids))
        sums = rows.with_only_columns(*(func.sum(rows.selected_columns[name]) for name in names))
        amounts = db.session.execute(sums).one()
        return {name: amount or ZERO for name, amount in zip(names, amounts, strict=True)}

    def page(self, cursor: Cursor) -> Page[Any]:
        """Return one page in order; raises UnknownPage if the cursor's row is not in the book."""
        if cursor.after:
            ids, has_older = self.adjacent_ids(self.position_of(cursor.after))
            return Page(self.rows_of(ids), True, has_older)
        if cursor.before or cursor.is_last:
            position = self.position_of(cursor.before) if cursor.before else None
            ids, has_newer = self.adjacent_ids(position, backwards=True)
            if has_newer or cursor.is_last:
                return Page(self.rows_of(ids[::-1]), has_newer, bool(cursor.before))
        ids, has_older = self.adjacent_ids(None)
        return Page(self.rows_of(ids), False, has_older)

    def adjacent_ids(
        self, position: RowPosition | None, backwards: bool = False
    ) -> tuple[list[int], bool]:
        """Return the ids next to a position, nearest first, and whether there are more.

        Without a position they start at the beginning, or at the end (`backwards`). Only ids are
        sorted: sorting whole rows with their joins takes several times as long.
        """
        key = self.model.id
        in_order = self.selected.with_only_columns(key).order_by(
            *self.order.clauses(key, backwards)
        )
        if position is not None:
            in_order = in_order.where(self.order.beyond(key, position, backwards))
        ids = list(db.session.scalars(in_order.limit(PAGE_ROWS + 1)))
        return ids[:PAGE_ROWS], len(ids) > PAGE_ROWS

    def rows_of(self, ids: Sequence[int]) -> list[Any]:
        """Return the rows with these ids, in the order of the ids."""
        if not ids:
            return []
        rows = db.session.execute(self.rows.where(self.model.id.in_(ids)))
        rows_by_id = {row[0]: row for row in rows}
        return [rows_by_id[row_id] for row_id in ids]

    def position_of(self, reference: str) -> RowPosition:
        """Return the position of a cursor's row; raises UnknownPage."""
        by_reference = self.rows.where(
            getattr(self.model, f"{self.reference}_key") == lookup_key(reference)
        )
        column = self.order.column
        columns = [self.model.id] if column is None else [self.model.id, column]
        row = db.session.execute(by_reference.with_only_columns(*columns)).one_or_none()
        if row is None:
            raise UnknownPage("That page begins at a row that is not in the book.")
        return RowPosition(*row)


class NumberedListing(Listing):
    """A listing whose rows are identified by their ids."""

    def position_of(self, reference: str) -> RowPosition:
        """Return the position of a cursor's row, which need not exist any more."""
        is_number = reference.isascii() and reference.isdigit()
        if not is_number or len(reference) > _MAX_DIGITS:
            raise UnknownPage("That page begins at a row that is not in the book.")
        return RowPosition(int(reference))
