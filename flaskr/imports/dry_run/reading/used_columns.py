"""How the columns of a file are used: by hand, else by their titles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flaskr.imports.dry_run.reading.samples import Samples
from flaskr.imports.dry_run.result import ColumnUse
from flaskr.imports.loaded_columns import (
    CLAIMS,
    LAYOUTS,
    SKIPPED_COLUMNS,
    Layout,
    missing_columns,
    recognised_contents,
)
from flaskr.imports.tasks import FileToRead, ImportRefused

_EMPTY = "no value in the whole file: left out"


@dataclass(frozen=True)
class FileColumns:
    """How the columns of one file are used."""

    layout: Layout
    uses: tuple[ColumnUse, ...]
    titles: Mapping[str, str]  # the file's titles of loaded columns, by the book's name
    constants: Mapping[str, str]
    missing: tuple[str, ...]
    notes: tuple[str, ...] = ()  # what was left out beside the rows

    @property
    def undecided(self) -> tuple[str, ...]:
        """The titles of the columns that are undecided."""
        return tuple(use.title for use in self.uses if use.is_undecided)

    @property
    def is_mapped(self) -> bool:
        """Whether the rows can be read: no column is missing, and all are decided."""
        return not self.missing and not self.undecided

    def with_samples(self, samples: Samples) -> "FileColumns":
        """Return the same with the first values of each column."""
        uses = tuple(replace(use, samples=samples.of(use.title)) for use in self.uses)
        return replace(self, uses=uses)

    def with_totals(self, rows: Sequence[int]) -> "FileColumns":
        """Return the same with a note on the rows of totals that were left out."""
        if not rows:
            return self
        listed = ", ".join(map(str, rows[:10])) + (", …" if len(rows) > 10 else "")
        note = f"Rows without a reference that add up the rows above are left out: {listed}."
        return replace(self, notes=(*self.notes, note))

    def without_empty(self, samples: Samples) -> "FileColumns":
        """Return the same with the undecided columns that have no value left out."""
        empty = samples.lacking(self.undecided)
        uses = tuple(
            replace(use, is_undecided=False, note=_EMPTY) if use.title in empty else use
            for use in self.uses
        )
        return replace(self, uses=uses)

    @property
    def given(self) -> set[str]:
        """The names of the columns that have values, from the file or a constant."""
        return {*self.titles, *self.constants}

    @property
    def named(self) -> set[str]:
        """The names of the columns that have values or are known, though they are not loaded."""
        return self.given | {use.name for use in self.uses if use.name}

    @property
    def currency_titles(self) -> tuple[str, ...]:
        """The file's columns of currencies, each of which must be the book's."""
        return tuple(use.title for use in self.uses if use.name == "currency")


def file_columns(
    file: FileToRead, titles: tuple[str, ...], *, currency: str, is_migration: bool
) -> FileColumns:
    """Return how the columns of a file are used, and the layout that it has.

    Raises ImportRefused when no column is known, two mean the same, or a mapping does not fit.
    """
    contents = file.contents or recognised_contents(
        [file.columns.get(title, title) or title for title in titles], currency
    )
    if contents is None:
        raise _unknown_contents_error(file.name)
    layout = LAYOUTS[contents]
    _check_mapping(file, titles, layout)
    skipped = SKIPPED_COLUMNS[is_migration, contents]
    uses = tuple(_column_use(title, file, layout, skipped, currency) for title in titles)
    loaded: dict[str, str] = {}
    for use in uses:
        if use.is_loaded and use.name in loaded:
            raise ImportRefused(
                f"{file.name}: the columns {loaded[use.name]} and {use.title} both mean "
                f"{use.name}. Leave one of them out."
            )
        if use.is_loaded:
            loaded[use.name] = use.title
    constants = {
        name: text
        for name, text in file.constants.items()
        if name not in loaded and name not in skipped
    }
    given = {*loaded, *constants}
    missing = missing_columns(layout, given)
    is_bare = layout is CLAIMS and given == {"claim_reference"} and not is_migration
    if is_bare:
        missing = ["claim_cost"]  # otherwise a cost under an unknown title would be ignored
    return FileColumns(layout, uses, loaded, constants, tuple(missing), _unused(file, loaded))


def _unused(file: FileToRead, loaded: Mapping[str, str]) -> tuple[str, ...]:
    """Return a note on each value for all rows that a column has for each row."""
    return tuple(
        f"The value of {name} for all rows was left out: the column {loaded[name]} has values."
        for name in file.constants
        if name in loaded
    )


def _unknown_contents_error(name: str) -> ImportRefused:
    """Return the error for a file in which no column is recognised."""
    names = "; ".join(
        f"{layout.contents}: {', '.join(layout.names[:4])}, …" for layout in LAYOUTS.values()
    )
    return ImportRefused(
        f"{name}: no column of this file is recognised. The first row must name them ({names})."
    )


def _check_mapping(file: FileToRead, titles: tuple[str, ...], layout: Layout) -> None:
    """Raise ImportRefused for a mapping or a constant of a column that does not exist."""
    for title, name in file.columns.items():
        if title not in titles:
            raise ImportRefused(f"{file.name} has no column {title}.")
        if name and name not in layout.names:
            raise ImportRefused(
                f"{title} cannot be {name}: a file of {layout.contents} has "
                f"{', '.join(layout.names)}."
            )
    for name in file.constants:
        if name not in layout.names or name == layout.key:
            raise ImportRefused(f"{name} cannot have one value for all rows.")


def _column_use(
    title: str, file: FileToRead, layout: Layout, skipped: Mapping[str, str], currency: str
) -> ColumnUse:
    """Return the use of a column: as mapped by hand, else by its title."""
    name = file.columns.get(title, layout.column_for(title, currency))
    if name == "":
        return ColumnUse(title, "", False, "left out")
    if name is None:
        return ColumnUse(title, "", False, "not decided", is_undecided=True)
    skip_reason = {**layout.derived, **skipped}.get(name)
    return ColumnUse(title, name, skip_reason is None, skip_reason or "")
