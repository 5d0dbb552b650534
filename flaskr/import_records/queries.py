"""What is known of where rows came from."""

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased, selectinload

from flaskr.extensions import db
from flaskr.import_records.models import Import, ImportFile


def _standing_imports() -> Select[Import]:
    """Select the imports that are not undone, and undo nothing."""
    undo = aliased(Import)
    is_undone = select(undo.id).where(undo.undoes == Import.id).exists()
    return select(Import).where(Import.undoes.is_(None), ~is_undone)


def loadings_of(sha256: str) -> list[Import]:
    """Return the imports that loaded a file of these bytes and stand, newest first."""
    of_file = select(ImportFile.import_id).where(ImportFile.sha256 == sha256)
    standing = _standing_imports().where(Import.id.in_(of_file)).order_by(Import.id.desc())
    return list(db.session.scalars(standing))


def undo_of(record: Import) -> Import | None:
    """Return the import that took another back, None while it stands."""
    return db.session.scalar(select(Import).where(Import.undoes == record.id))


def every_import() -> list[Import]:
    """Return every import with its files, newest first."""
    newest = select(Import).options(selectinload(Import.files)).order_by(Import.id.desc())
    return list(db.session.scalars(newest))
