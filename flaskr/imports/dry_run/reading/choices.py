"""Choices for several files at once: each file takes those that concern it."""

from collections.abc import Sequence
from dataclasses import replace

from flaskr.imports.dry_run.reading.used_columns import FileColumns
from flaskr.imports.loaded_columns import LAYOUTS, recognised_contents
from flaskr.imports.tasks import FileToRead, ImportRefused


def own_choices(file: FileToRead, titles: tuple[str, ...], currency: str) -> FileToRead:
    """Return a file without the choices for columns of other files."""
    columns = {title: name for title, name in file.columns.items() if title in titles}
    contents = file.contents or recognised_contents(
        [columns.get(title, title) or title for title in titles], currency
    )
    names = LAYOUTS[contents].names if contents else ()
    constants = {name: text for name, text in file.constants.items() if name in names}
    return replace(file, columns=columns, constants=constants)


def check_choices(files: Sequence[FileToRead], found: Sequence[FileColumns]) -> None:
    """Raise ImportRefused for a choice that concerns no file."""
    titles = {use.title for columns in found for use in columns.uses}
    names = {name for columns in found for name in columns.layout.names}
    for file in files:
        for title in file.columns:
            if title not in titles:
                raise ImportRefused(f"None of the files has a column {title}.")
        for name in file.constants:
            if name not in names:
                raise ImportRefused(f"{name} cannot have one value for all rows.")
