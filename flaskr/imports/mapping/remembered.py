"""What a person chose for a file with the same titles, offered for the next such file."""

import json
from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import select

from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents
from flaskr.import_records.models import ImportFile
from flaskr.imports.loaded_columns import normalized_title


def titles_digest(titles: Sequence[str]) -> str:
    """Return the SHA-256 of a set of titles: case, blanks, punctuation and order do not matter."""
    names = sorted({normalized_title(title) for title in titles})
    return sha256("\n".join(names).encode()).hexdigest()


def remembered_columns(titles: Sequence[str], contents: Contents) -> tuple[int, dict[str, str]]:
    """Return the last import of a file with these titles, and what its columns were read as.

    The columns are by normalised title, empty for one that was left out; without such an import
    the number is 0.
    """
    same = (ImportFile.titles_digest == titles_digest(titles), ImportFile.contents == contents)
    newest = select(ImportFile).where(*same).order_by(ImportFile.id.desc()).limit(1)
    file = db.session.scalar(newest)
    if file is None:
        return 0, {}
    columns: dict[str, str] = json.loads(file.mapping)["columns"]
    return file.import_id, {normalized_title(title): name for title, name in columns.items()}
