"""Opens a file of an import, with the titles that the book knows."""

from contextlib import AbstractContextManager

from flaskr.files.readers.dispatch import TableFile, open_table
from flaskr.files.readers.options import ReadingLimits
from flaskr.imports.loaded_columns import LAYOUTS
from flaskr.imports.tasks import FileToRead


def opened_file(file: FileToRead, limits: ReadingLimits) -> AbstractContextManager[TableFile]:
    """Open a file of an import; its titles are found by what the book or a person calls columns."""

    def knows_title(title: str) -> bool:
        if file.columns.get(title):
            return True
        return any(layout.column_for(title) is not None for layout in LAYOUTS.values())

    return open_table(file.path, file.options, limits, knows_title)
