"""How one file is read, or is to be read: its columns, values and options."""

from dataclasses import dataclass

from flaskr.facts.closed_lists import Contents
from flaskr.imports.loaded_columns import LAYOUTS, missing_columns

UNDECIDED = "?"  # instead of the name of a column: nobody has said what it means


@dataclass(frozen=True)
class MappedColumn:
    """One column of a file: the book's column it is loaded as, and the default by its title.

    Both are empty for a column that is left out, and UNDECIDED for an unknown one. `samples` are
    its first values.
    """

    title: str
    name: str
    default_name: str
    note: str = ""
    samples: tuple[str, ...] = ()
    offered: str | None = None  # what it was read as in the last import of such a file

    @property
    def is_undecided(self) -> bool:
        """Whether somebody must say what it means, or leave it out."""
        return self.name == UNDECIDED


@dataclass(frozen=True)
class MappedValue:
    """A text of a file in a column with a closed list, and the value that it stands for."""

    name: str  # the book's column
    text: str
    value: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Constant:
    """A column that a file lacks, and one value for all its rows."""

    name: str
    value: str
    is_missing: bool  # required: rows are not read without it


@dataclass(frozen=True)
class FileMapping:
    """How one file is read; without columns it could not be read yet."""

    at: int
    name: str
    contents: str
    encoding: str
    sheet: str
    is_raw: bool
    is_text: bool
    names: tuple[str, ...] = ()  # the columns of the book to choose from
    sheets: tuple[str, ...] = ()
    columns: tuple[MappedColumn, ...] = ()
    constants: tuple[Constant, ...] = ()
    values: tuple[MappedValue, ...] = ()
    header_row: int = 0
    day_order: str = ""
    takes_totals: bool = False
    takes_hidden: bool = False
    strips_controls: bool = False
    takes_identity_numbers: bool = False
    remembered_from: int = 0  # the import that the offers are from
    asks: tuple[str, ...] = ()  # the options that would settle refusals

    @property
    def sheet_choices(self) -> list[tuple[str, str]]:
        """The sheets as (value, label) pairs of a select field."""
        return [(sheet, sheet) for sheet in self.sheets]

    @property
    def missing(self) -> tuple[str, ...]:
        """The required columns that it lacks."""
        layout = LAYOUTS.get(Contents(self.contents)) if self.contents else None
        if layout is None:
            return ()
        given = {column.name for column in self.columns}
        given |= {each.name for each in self.constants if each.value}
        noted = {each.name for each in self.constants if each.is_missing}
        lacks_key = [layout.key] if self.columns and layout.key not in given else []
        return tuple(dict.fromkeys([*lacks_key, *missing_columns(layout, given), *noted]))

    @property
    def undecided(self) -> tuple[str, ...]:
        """The titles of the columns that are undecided."""
        return tuple(column.title for column in self.columns if column.is_undecided)

    @property
    def undecided_columns(self) -> list[tuple[int, MappedColumn]]:
        """The columns that are undecided, with their positions."""
        return [(at, column) for at, column in enumerate(self.columns) if column.is_undecided]

    @property
    def decided_columns(self) -> list[tuple[int, MappedColumn]]:
        """The other columns, with their positions."""
        return [(at, column) for at, column in enumerate(self.columns) if not column.is_undecided]

    @property
    def has_unknown_values(self) -> bool:
        """Whether a text is refused because nobody has said what it stands for."""
        return any(not each.value for each in self.values)

    @property
    def has_questions(self) -> bool:
        """Whether rows are refused, or not read, until somebody decides something."""
        return bool(self.asks or self.undecided or self.missing or self.has_unknown_values)
