"""The declaration of a column, made once for files, imports, pages, dictionary and trail."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from flaskr.facts.kinds import ARROW_NAMES, TEXTS, UNITS, Kind


@dataclass(frozen=True)
class Column:
    """One column: its name in the book and in every file, its kind, and its meaning.

    `label` is its heading on pages, `label_sv` in Swedish files. An import recognizes the column by
    its name, `label_sv` and `titles`. `choices` is the closed list of a choice. `derived` says how
    the book derives the column; an import recognizes such a column but does not load it.
    `is_personal`: it may say something about a person. `is_one_line`: a text without line breaks.
    `adds_up`: the sum of its amounts is meaningful, and a control total of the file. `hides`: the
    column whose names it shows as pseudonyms.
    """

    name: str
    kind: Kind
    meaning: str = ""
    meaning_sv: str = ""
    label: str = ""
    label_sv: str = ""
    titles: tuple[str, ...] = ()
    choices: type[StrEnum] | None = None
    unit: str = ""
    derived: str = ""
    may_be_empty: bool = False
    is_personal: bool = False
    is_one_line: bool = False
    adds_up: bool = False
    hides: str = ""

    def __post_init__(self) -> None:
        """Derive a missing label from the name, and a missing unit from the kind."""
        object.__setattr__(self, "label", self.label or self.name.replace("_", " ").capitalize())
        object.__setattr__(self, "unit", self.unit or UNITS.get(self.kind, ""))

    @property
    def declaration(self) -> dict[str, str | bool]:
        """The column as in a manifest and in the dictionary."""
        return {
            "name": self.name,
            "type": ARROW_NAMES[self.kind],
            "unit": self.unit,
            "meaning": self.meaning,
            "meaning_sv": self.meaning_sv,
            "personal": self.is_personal,
        }


Columns = tuple[Column, ...]


def names_of(columns: Iterable[Column], *kinds: Kind) -> list[str]:
    """Return the names of the columns of the given kinds, in order."""
    return [column.name for column in columns if column.kind in kinds]


def total_names(columns: Columns) -> tuple[str, ...]:
    """Return the names of the columns whose sums are control totals."""
    return tuple(column.name for column in columns if column.adds_up)


def sort_labels(columns: Columns) -> dict[str, str]:
    """Return the columns that a list can be sorted by, with their labels.

    Names, free texts and the currency, which is the same on every row, are not among them.
    """
    return {c.name: c.label for c in columns if not c.is_personal and c.name != "currency"}


def descending_first(columns: Columns) -> tuple[str, ...]:
    """Return the columns by which a list is first sorted in descending order: dates and amounts."""
    return tuple(names_of(columns, Kind.DAY, Kind.AMOUNT))


def formula_guarded_names(columns: Columns) -> list[str]:
    """Return the columns with text that a spreadsheet might run as a formula."""
    return names_of(columns, *TEXTS)
