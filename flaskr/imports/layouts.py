"""The files that can be imported: which of their columns are loaded, and which file is which."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from flaskr.facts.claims import CLAIM_COLUMNS
from flaskr.facts.columns import Column, Columns, names_of
from flaskr.facts.kinds import Kind
from flaskr.facts.ledger import ENTRY_NUMBER, LEDGER_COLUMNS, MIGRATED_RECORDED_AT, RECORDED_DATE
from flaskr.facts.lists import Contents
from flaskr.facts.policies import POLICY_COLUMNS

REFUSAL_COLUMNS = {
    "refused_row": "its row in the refused file",
    "refused_because": "why it was refused",
}


@dataclass(frozen=True)
class Layout:
    """The columns that a kind of file may have, as the book declares them.

    A column that is never empty is required, unless it is `optional`: then it may be missing, but
    where it is there, every row has something in it. A ledger's amounts are of either sign.
    """

    contents: Contents
    key: str  # the column that names what a row is of
    columns: Columns
    optional: tuple[str, ...] = ()

    @cached_property
    def fields(self) -> Columns:
        """The columns that are loaded."""
        return tuple(column for column in self.columns if not column.derived)

    @cached_property
    def derived(self) -> dict[str, str]:
        """The columns that are known and not loaded, with the reason."""
        return {each.name: each.derived for each in self.columns if each.derived} | REFUSAL_COLUMNS

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns that are loaded."""
        return tuple(each.name for each in self.fields)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The columns that a file must have, or be given a constant for."""
        filled = (each.name for each in self.fields if not each.may_be_empty)
        return tuple(name for name in filled if name not in self.optional)

    @property
    def is_signed(self) -> bool:
        """Whether amounts may be below zero."""
        return self.contents is Contents.LEDGER

    def field(self, name: str) -> Column:
        """Return a column that is loaded by its name in the book."""
        return next(each for each in self.fields if each.name == name)

    def meant(self, title: str) -> str | None:
        """Return the column that a title means, loaded or derived; None when it is not known."""
        return self._by_title.get(folded(title))

    @cached_property
    def _by_title(self) -> dict[str, str]:
        """The columns by everything they are called."""
        found = {folded(name): name for name in self.derived}
        for each in self.fields:
            called = (*each.titles, each.label_sv, each.name)
            found |= {folded(title): each.name for title in called if title}
        return found


def folded(title: str) -> str:
    """Return a title without what makes no difference: case, spaces, underscores and marks."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", title.casefold()))


CLAIMS = Layout(
    Contents.CLAIMS,
    "claim_reference",
    (*CLAIM_COLUMNS, MIGRATED_RECORDED_AT),
    optional=tuple(names_of(CLAIM_COLUMNS, Kind.AMOUNT)),
)
POLICIES = Layout(Contents.POLICIES, "policy_number", (*POLICY_COLUMNS, MIGRATED_RECORDED_AT))
LEDGER = Layout(
    Contents.LEDGER,
    "claim_reference",
    (*(c for c in LEDGER_COLUMNS if c.name != "entry_id"), ENTRY_NUMBER, RECORDED_DATE),
)
LAYOUTS = {layout.contents: layout for layout in (CLAIMS, LEDGER, POLICIES)}


def recognised(titles: Iterable[str]) -> Contents | None:
    """Return what a file with these columns is of; None when no column says it.

    The layout that most of the titles belong to, less the required columns that are missing.
    """

    def likeness(layout: Layout) -> tuple[int, int, int]:
        found = {layout.meant(title) for title in titles} - {None}
        missing = set(layout.required) - found
        loaded = len(found & set(layout.names))
        return loaded - len(missing), loaded, len(found)

    titles = list(titles)
    likely = max(LAYOUTS.values(), key=likeness)
    return likely.contents if likeness(likely)[1] else None


def missing_columns(layout: Layout, given: Collection[str]) -> list[str]:
    """Return the required columns that are neither in the file nor given a constant."""
    return [name for name in layout.required if name not in given]


_ONLY_IN_MIGRATIONS = {"recorded_at": "loaded only in a migration"}
_OF_THE_LEDGER = dict.fromkeys(
    names_of(CLAIM_COLUMNS, Kind.AMOUNT), "taken from the ledger in a migration"
)
# What a layout has and an import does not load, by whether it is a migration; and why.
SKIPPED_COLUMNS: Mapping[tuple[bool, Contents], Mapping[str, str]] = {
    (False, Contents.CLAIMS): _ONLY_IN_MIGRATIONS,
    (False, Contents.POLICIES): _ONLY_IN_MIGRATIONS,
    (False, Contents.LEDGER): {},
    (True, Contents.CLAIMS): _OF_THE_LEDGER,
    (True, Contents.POLICIES): {},
    (True, Contents.LEDGER): {},
}
AMOUNT_NAMES = {name for each in LAYOUTS.values() for name in names_of(each.columns, Kind.AMOUNT)}
_NOT_SHOWN = ("claim_cost", "description", "recorded_at", "entry_number", "recorded_date")
_RARELY_SET = ("cancelled_on", "sum_insured")


def loadable(contents: Contents, is_migration: bool) -> tuple[str, ...]:
    """Return the columns that an import loads of a file."""
    skipped = SKIPPED_COLUMNS[is_migration, contents]
    return tuple(name for name in LAYOUTS[contents].names if name not in skipped)


def shown_columns(contents: Contents, is_migration: bool) -> tuple[str, ...]:
    """Return the columns of a file that the page of its dry run shows, beside the key."""
    left_out = (LAYOUTS[contents].key, *_NOT_SHOWN, *_RARELY_SET)
    return tuple(name for name in loadable(contents, is_migration) if name not in left_out)
