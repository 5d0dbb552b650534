"""Queries of imports by their files and their undo."""

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased, selectinload

from flaskr.extensions import db
from flaskr.import_records.models import Import, ImportFile


def imports_in_effect() -> Select[Import]:
    """Select the imports that are not undone, and are no undo."""
    undo = aliased(Import)
    is_undone = select(undo.id).where(undo.undoes == Import.id).exists()
    return select(Import).where(Import.undoes.is_(None), ~is_undone)


def loadings_of(sha256: str) -> list[Import]:
    """Return the imports that loaded a file with this SHA-256 and are not undone, newest first."""
    of_file = select(ImportFile.import_id).where(ImportFile.sha256 == sha256)
    in_effect = imports_in_effect().where(Import.id.in_(of_file)).order_by(Import.id.desc())
    return list(db.session.scalars(in_effect))


def file_loadings(sha256: str) -> list[tuple[Import, ImportFile]]:
    """Return the same imports, each with its record of the file, newest first."""
    rows = imports_in_effect().join(ImportFile, ImportFile.import_id == Import.id)
    of_file = rows.add_columns(ImportFile).where(ImportFile.sha256 == sha256)
    newest = db.session.execute(of_file.order_by(Import.id.desc()))
    return [(record, file) for record, file in newest]


def undo_of(record: Import) -> Import | None:
    """Return the import that undid another; None when it is not undone."""
    return db.session.scalar(select(Import).where(Import.undoes == record.id))


def imports_with_files() -> list[Import]:
    """Return every import with its files, newest first."""
    newest = select(Import).options(selectinload(Import.files)).order_by(Import.id.desc())
    return list(db.session.scalars(newest))
