"""Pages of long lists in any order, by key: no page counts its way past the rows before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select

from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.values.money import ZERO
from flaskr.values.text import lookup_key
from flaskr.web.ordering import NEWEST_FIRST, RowPlace, SortOrder

Row = TypeVar("Row")
_PAGE_ROWS = 50
_COUNTED_ROWS = 10_000
_LONGEST_NUMBER = 18
PAGE_PARAMETERS = ("after", "before", "page")


class UnknownPage(ClaimBookError):
    """An address that goes on from a row which is not in the book."""

    status = 404


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
    """The rows of one page, and whether there are some before and after; newer and older."""

    rows: list[Row]
    has_newer: bool
    has_older: bool

    @property
    def is_whole(self) -> bool:
        """Whether these are all the rows there are."""
        return not (self.has_newer or self.has_older)


@dataclass(frozen=True)
class Count:
    """A number of rows, with sums over them: exact to 10,000, beyond that only "more"."""

    rows: int
    is_more: bool = False
    sums: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """A select of rows that addresses name by a reference, in an order: what can be paged.

    `selected` finds and orders them; `rows` has what is shown of each, its first column the model's
    id, and also those that are filtered out: a page may go on from a row that has left meanwhile.
    """

    selected: Select[Any]
    rows: Select[Any]
    model: Any
    reference: str  # the attribute; its key column is called <reference>_key
    order: SortOrder = NEWEST_FIRST

    def count(self, page: Page[Any] | None = None, names: Sequence[str] = ()) -> Count:
        """Count the rows and add columns of amounts up over them; over 10,000 give no sums.

        The rows are looked for once, up to 10,000; a page that has them all saves even that.
        """
        some = self.selected.with_only_columns(self.model.id).limit(_COUNTED_ROWS + 1)
        if page is not None and page.is_whole:
            ids = [row[0] for row in page.rows]
        elif names:
            ids = list(db.session.scalars(some))
        else:
            rows = db.session.scalar(select(func.count()).select_from(some.subquery())) or 0
            return Count(min(rows, _COUNTED_ROWS), rows > _COUNTED_ROWS)
        if len(ids) > _COUNTED_ROWS:
            return Count(_COUNTED_ROWS, is_more=True)
        return Count(len(ids), sums=self.sums(ids, names))

    def sums(self, ids: Sequence[int], names: Sequence[str]) -> dict[str, Decimal]:
        """Add columns of amounts up over the rows of some ids."""
        if not names:
            return {}
        rows = self.rows.where(self.model.id.in_(ids))
        added = rows.with_only_columns(*(func.sum(rows.selected_columns[name]) for name in names))
        amounts = db.session.execute(added).one()
        return {name: amount or ZERO for name, amount in zip(names, amounts, strict=True)}

    def page(self, cursor: Cursor) -> Page[Any]:
        """Return one page in order; raises UnknownPage when the cursor's row is not there."""
        if cursor.after:
            ids, has_older = self.following(self.place(cursor.after))
            return Page(self.rows_of(ids), True, has_older)
        if cursor.before or cursor.is_last:
            place = self.place(cursor.before) if cursor.before else None
            ids, has_newer = self.following(place, backwards=True)
            if has_newer or cursor.is_last:
                return Page(self.rows_of(ids[::-1]), has_newer, bool(cursor.before))
        ids, has_older = self.following(None)
        return Page(self.rows_of(ids), False, has_older)

    def following(self, place: RowPlace | None, backwards: bool = False) -> tuple[list[int], bool]:
        """Return the ids next to a place, or to the end, the nearest first, and if there are more.

        Only ids: to sort whole rows with what is joined to them takes several times as long.
        """
        key = self.model.id
        in_order = self.selected.with_only_columns(key).order_by(
            *self.order.clauses(key, backwards)
        )
        if place is not None:
            in_order = in_order.where(self.order.beyond(key, place, backwards))
        found = list(db.session.scalars(in_order.limit(_PAGE_ROWS + 1)))
        return found[:_PAGE_ROWS], len(found) > _PAGE_ROWS

    def rows_of(self, ids: Sequence[int]) -> list[Any]:
        """Return the rows of some ids, in their order."""
        if not ids:
            return []
        rows = db.session.execute(self.rows.where(self.model.id.in_(ids)))
        found = {row[0]: row for row in rows}
        return [found[row_id] for row_id in ids]

    def place(self, reference: str) -> RowPlace:
        """Return where the row that a cursor names stands."""
        named = self.rows.where(
            getattr(self.model, f"{self.reference}_key") == lookup_key(reference)
        )
        column = self.order.column
        own = [self.model.id] if column is None else [self.model.id, column]
        found = db.session.execute(named.with_only_columns(*own)).one_or_none()
        if found is None:
            raise UnknownPage("That page begins at a row that is not in the book.")
        return RowPlace(*found)


class NumberedListing(Listing):
    """A listing whose rows are named by their ids."""

    def place(self, reference: str) -> RowPlace:
        """Return the place of the row that a cursor names, which need not be there any more."""
        is_number = reference.isascii() and reference.isdigit()
        if not is_number or len(reference) > _LONGEST_NUMBER:
            raise UnknownPage("That page begins at a row that is not in the book.")
        return RowPlace(int(reference))
