"""The layouts of files that can be imported: their columns, and which of them are loaded."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from flaskr.facts.claim_columns import CLAIM_COLUMNS, CLAIM_COLUMNS_BY_TYPE
from flaskr.facts.closed_lists import Contents
from flaskr.facts.columns import Column, Columns, names_of
from flaskr.facts.kinds import Kind
from flaskr.facts.ledger_columns import (
    ENTRY_NUMBER,
    LEDGER_COLUMNS,
    MIGRATED_RECORDED_AT,
)
from flaskr.facts.policy_columns import POLICY_COLUMNS
from flaskr.values.currencies import currencies_of

_PSEUDONYMS = re.compile("policyholder_[0-9a-f]{8}")  # as pseudonym_column names it
LEFT_OUT = " (left out)"  # after the title of a column of refused rows
REFUSAL_COLUMNS = {
    "refused_row": "its row in the refused file",
    "refused_because": "why it was refused",
}
# “Paid (SEK)”, “paid, SEK”, “Paid in SEK”, “Utbetalt kr”
_UNIT = re.compile(
    r"(?i)\s*(?:[(\[]([^()\[\]]*)[)\]]|[,/]\s*([^\s,/]+)|[\s_](?:in[\s_]+|i[\s_]+)?([^\W_]+))\s*$"
)
_DAY_UNITS = ("yyyy-mm-dd", "åååå-mm-dd", "date", "datum", "day", "dag")


@dataclass(frozen=True)
class Layout:
    """The columns that a kind of file may have, as the book declares them.

    A column that may not be empty is required, unless it is `optional`: then the column may be
    missing, but where there is one, no cell is empty. A ledger's amounts have either sign.
    """

    contents: Contents
    key: str  # the column that identifies the claim or policy
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

    def column_for(self, title: str, currency: str) -> str | None:
        """Return the column that a title stands for, loaded or derived; None for no column.

        Empty for a title that says that the column was left out, or has pseudonyms. A unit at the
        title's end is ignored if it says nothing but the book's currency in an amount, or the form
        of a day in a day: a “Paid date” is not paid.
        """
        if title.endswith(LEFT_OUT) or _PSEUDONYMS.fullmatch(title):
            return ""
        if whole := self._by_title.get(normalized_title(title)):
            return whole
        shorter, kind = _without_unit(title, currency)
        name = self._by_title.get(normalized_title(shorter))
        is_of_kind = any(each.name == name and each.kind is kind for each in self.columns)
        return name if is_of_kind else None

    @cached_property
    def _by_title(self) -> dict[str, str]:
        """The columns by each of their titles; what is loaded wins."""
        columns = {normalized_title(name): name for name in self.derived}
        for each in (*(c for c in self.columns if c.derived), *self.fields):
            titles = (*each.titles, each.label_sv, each.name)
            columns |= {normalized_title(title): each.name for title in titles if title}
        return columns


def normalized_title(title: str) -> str:
    """Return a title without case, spaces, underscores and punctuation; signs of units stay."""
    return re.sub(r"[^\w%€$£¥]+|_+", "", unicodedata.normalize("NFC", title.casefold()))


def _without_unit(title: str, currency: str) -> tuple[str, Kind | None]:
    """Return a title without the unit at its end, and the kind of column that has such a unit.

    Another unit than the book's currency and the form of a day changes the meaning (EUR, tkr, %):
    then the kind is None.
    """
    unit = _UNIT.search(title)
    if not unit:
        return title, None
    said = next(filter(None, unit.groups()), "").strip(" .").casefold()
    if said in _DAY_UNITS:
        return title[: unit.start()], Kind.DAY
    return title[: unit.start()], Kind.AMOUNT if currency in currencies_of(said) else None


CLAIMS = Layout(
    Contents.CLAIMS,
    "claim_reference",
    (*CLAIM_COLUMNS, *CLAIM_COLUMNS_BY_TYPE, MIGRATED_RECORDED_AT),
    optional=tuple(names_of(CLAIM_COLUMNS, Kind.AMOUNT)),
)
POLICIES = Layout(Contents.POLICIES, "policy_number", (*POLICY_COLUMNS, MIGRATED_RECORDED_AT))
# An older system numbers its entries otherwise, and may not tell cost types apart.
_LEDGER_COLUMNS = (
    replace(column, may_be_empty=True) if column.name == "cost_type" else column
    for column in LEDGER_COLUMNS
    if column.name != "entry_id"
)
LEDGER = Layout(
    Contents.LEDGER,
    "claim_reference",
    (*_LEDGER_COLUMNS, ENTRY_NUMBER),
)
LAYOUTS = {layout.contents: layout for layout in (CLAIMS, LEDGER, POLICIES)}


def recognised_contents(titles: Iterable[str], currency: str) -> Contents | None:
    """Return the contents of a file with these titles; None when no title is recognised.

    It is the layout with most of the titles, less its required columns that are missing.
    """

    def score(layout: Layout) -> tuple[int, int, int]:
        known = {layout.column_for(title, currency) for title in titles} - {None, ""}
        missing = set(layout.required) - known
        loaded = len(known & set(layout.names))
        return loaded - len(missing), loaded, len(known)

    titles = list(titles)
    best = max(LAYOUTS.values(), key=score)
    return best.contents if score(best)[1] else None


def missing_columns(layout: Layout, given: Collection[str]) -> list[str]:
    """Return the required columns that are neither in the file nor given a constant."""
    return [name for name in layout.required if name not in given]


_MIGRATION_ONLY = {"recorded_at": "loaded only in a migration"}
_FROM_LEDGER = dict.fromkeys(
    names_of(CLAIM_COLUMNS, Kind.AMOUNT), "taken from the ledger in a migration"
)
# The columns that an import does not load, with the reason, by (is_migration, contents).
SKIPPED_COLUMNS: Mapping[tuple[bool, Contents], Mapping[str, str]] = {
    (False, Contents.CLAIMS): _MIGRATION_ONLY,
    (False, Contents.POLICIES): _MIGRATION_ONLY,
    (False, Contents.LEDGER): {},
    (True, Contents.CLAIMS): _FROM_LEDGER,
    (True, Contents.POLICIES): {},
    (True, Contents.LEDGER): {},
}
CHOICES: Mapping[str, tuple[str, ...]] = {
    column.name: tuple(column.choices)
    for layout in LAYOUTS.values()
    for column in layout.fields
    if column.choices
}
PERSONAL_NAMES = {c.name for each in LAYOUTS.values() for c in each.columns if c.is_personal}
AMOUNT_NAMES = {name for each in LAYOUTS.values() for name in names_of(each.columns, Kind.AMOUNT)}
_NOT_IN_PREVIEW = ("claim_cost", "description", "recorded_at", "entry_number", "recorded_date")
_TEXTS = ("reason", "payee", "payee_reference", "note")
_RARELY_SET = ("cancelled_on", "sum_insured", "cost_type", "reason_code", *_TEXTS)


def loaded_columns(contents: Contents, is_migration: bool) -> tuple[str, ...]:
    """Return the columns of a file that an import loads."""
    skipped = SKIPPED_COLUMNS[is_migration, contents]
    return tuple(name for name in LAYOUTS[contents].names if name not in skipped)


def preview_columns(contents: Contents, is_migration: bool) -> tuple[str, ...]:
    """Return the columns that the page of the dry run shows beside the key."""
    left_out = (LAYOUTS[contents].key, *_NOT_IN_PREVIEW, *_RARELY_SET)
    return tuple(name for name in loaded_columns(contents, is_migration) if name not in left_out)
