"""How a column is declared, once for files, imports, pages, the dictionary and the trail."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from flaskr.facts.kinds import ARROW_NAMES, TEXTS, UNITS, Kind


@dataclass(frozen=True)
class Column:
    """One column: its name in the book and in every file, what it holds, and what that means.

    `label` is what pages call it, `label_sv` what Swedish files do; an import knows the column by
    its name, by that and by `titles`. `choices` is the list that a choice is from. `derived` says
    from what the book derives a column: an import knows it, and does not load it. `is_personal`
    when it may say something about a person; `is_one_line` of a text that has no line breaks.
    `adds_up` when the sum of its amounts means something, and is a control total of the file;
    `hides` is the column whose names it gives as pseudonyms.
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
        """Derive the label from the name, and the unit from the kind, where none is given."""
        object.__setattr__(self, "label", self.label or self.name.replace("_", " ").capitalize())
        object.__setattr__(self, "unit", self.unit or UNITS.get(self.kind, ""))

    @property
    def declaration(self) -> dict[str, str | bool]:
        """The column as a manifest and the dictionary show it."""
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
    """Return the names of the columns of some kinds, in order."""
    return [column.name for column in columns if column.kind in kinds]


def total_names(columns: Columns) -> tuple[str, ...]:
    """Return the names of the amounts whose sums are control totals."""
    return tuple(column.name for column in columns if column.adds_up)


def sort_labels(columns: Columns) -> dict[str, str]:
    """Return the columns that a list can be sorted by, with their labels.

    Not by names and free texts, nor by the currency, which is the same on every row.
    """
    return {c.name: c.label for c in columns if not c.is_personal and c.name != "currency"}


def descending_first(columns: Columns) -> tuple[str, ...]:
    """Return the columns of which a list shows the latest or the largest first."""
    return tuple(names_of(columns, Kind.DAY, Kind.AMOUNT))


def formula_guarded_names(columns: Columns) -> list[str]:
    """Return the columns whose cells a spreadsheet might run as formulas: those of free text."""
    return names_of(columns, *TEXTS)
