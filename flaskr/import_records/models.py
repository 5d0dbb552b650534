"""The record of every import, and of its files: never edited or deleted."""

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flaskr.extensions import Base
from flaskr.facts.lists import Contents
from flaskr.values.column_types import FreeText, Instant, Money, closed_list


class ImportKind(StrEnum):
    """What an import did."""

    FACTS = "facts"  # claims or policies of today
    MIGRATION = "migration"  # an older system's, with its instants
    UNDO = "undo"  # adjusting entries that take another import back


class Import(Base):
    """One import that was confirmed: what became of its rows, and what its entries moved."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("(undoes IS NULL) = (kind <> 'undo')", name="undoes"),
        CheckConstraint(
            "created >= 0 AND changed >= 0 AND unchanged >= 0 AND refused >= 0", name="counts"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ImportKind] = mapped_column(closed_list(ImportKind))
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[str] = mapped_column(String(64))
    created: Mapped[int]  # rows of the files, by what became of them
    changed: Mapped[int]
    unchanged: Mapped[int]
    refused: Mapped[int]  # left out by choice: else nothing would have been loaded
    entries: Mapped[int]
    first_entry: Mapped[int | None]  # the others follow it: an import is alone when it writes
    paid: Mapped[Money]  # what the entries moved together
    outstanding: Mapped[Money]
    recovered: Mapped[Money]
    job: Mapped[str | None] = mapped_column(String(16), unique=True)  # under which it was tried
    undoes: Mapped[int | None] = mapped_column(
        ForeignKey("imports.id", ondelete="RESTRICT"), unique=True
    )

    files: Mapped[list["ImportFile"]] = relationship(
        order_by="ImportFile.id", lazy="raise_on_sql", viewonly=True
    )

    @property
    def claim_cost(self):
        """What the entries moved of paid and outstanding together."""
        return self.paid + self.outstanding


class ImportFile(Base):
    """One file of an import; `mapping` is JSON: how its columns were read."""

    __tablename__ = "import_files"
    __table_args__ = (Index(None, "import_id"), Index(None, "sha256"))

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey(Import.id, ondelete="RESTRICT"))
    contents: Mapped[Contents] = mapped_column(closed_list(Contents))
    file_name: Mapped[FreeText]
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    row_count: Mapped[int]
    mapping: Mapped[FreeText]


class Sourced:
    """What a row of the book keeps of the import that brought it: null for what was typed."""

    import_id: Mapped[int | None]
    import_row: Mapped[int | None]  # as a spreadsheet counts: the header is row 1
