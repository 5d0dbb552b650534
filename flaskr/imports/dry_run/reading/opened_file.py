"""Opens a file of an import, with the titles that the book knows."""

from contextlib import AbstractContextManager

from flaskr.files.readers.dispatch import TableFile, open_table
from flaskr.imports.loaded_columns import LAYOUTS
from flaskr.imports.tasks import DryRunTask, FileToRead


def opened_file(file: FileToRead, task: DryRunTask) -> AbstractContextManager[TableFile]:
    """Open a file of an import; its titles are found by what the book or a person calls columns."""

    def knows_title(title: str) -> bool:
        if file.columns.get(title):
            return True
        found = (layout.column_for(title, task.book.currency) for layout in LAYOUTS.values())
        return any(name is not None for name in found)

    return open_table(file.path, file.options, task.limits, knows_title)
