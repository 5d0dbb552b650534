"""The record that an import keeps of a file."""

from typing import Any

from flaskr.imports.dry_run.result import FileResult
from flaskr.imports.loaded_columns import PERSONAL_NAMES
from flaskr.imports.loading.tasks import mapping_text
from flaskr.imports.mapping.remembered import titles_digest


def file_record(result: FileResult) -> dict[str, Any]:
    """Return the row of import_files for one file."""
    columns = {use.title: use.name if use.is_loaded else "" for use in result.columns}
    constants = {
        name: "given" if name in PERSONAL_NAMES else value
        for name, value in result.constants.items()
    }
    return {
        "contents": result.contents,
        "file_name": result.name,
        "sha256": result.sha256,
        "size_bytes": result.size,
        "row_count": result.rows,
        "titles_digest": titles_digest([use.title for use in result.columns]),
        "mapping": mapping_text(
            columns, constants, sheet=result.sheet, encoding=result.encoding, **result.choices
        ),
    }
