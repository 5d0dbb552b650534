"""The records of imports and of their files: never edited or deleted."""

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flaskr.extensions import Base
from flaskr.facts.closed_lists import Contents, ReasonCode
from flaskr.values.column_types import FreeText, Instant, Money, closed_list


class ImportKind(StrEnum):
    """What an import did."""

    FACTS = "facts"  # claims or policies as they are today
    MIGRATION = "migration"  # from an older system, with its instants
    UNDO = "undo"  # adjusting entries that undo another import


class Import(Base):
    """One import that was loaded: the counts of its rows, and the sums of its entries."""

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
    created: Mapped[int]  # rows of the files, by outcome
    changed: Mapped[int]
    unchanged: Mapped[int]
    refused: Mapped[int]  # left out by choice: otherwise nothing would have been loaded
    entries: Mapped[int]
    first_entry: Mapped[int | None]  # ids are in a row: nothing else writes during an import
    paid: Mapped[Money]  # sums of the entries
    outstanding: Mapped[Money]
    recovered: Mapped[Money]
    job: Mapped[str | None] = mapped_column(
        String(16), unique=True
    )  # the job that it was loaded from
    undoes: Mapped[int | None] = mapped_column(
        ForeignKey("imports.id", ondelete="RESTRICT"), unique=True
    )
    reason_code: Mapped[ReasonCode | None] = mapped_column(closed_list(ReasonCode))  # of an undo
    claims_left_out: Mapped[int | None]  # whole, by choice, because a row of them was refused

    files: Mapped[list["ImportFile"]] = relationship(
        order_by="ImportFile.id", lazy="raise_on_sql", viewonly=True
    )

    @property
    def claim_cost(self):
        """The sum of paid and outstanding of the entries."""
        return self.paid + self.outstanding


class ImportFile(Base):
    """One file of an import; `mapping` is JSON: how its columns were read."""

    __tablename__ = "import_files"
    __table_args__ = (Index(None, "import_id"), Index(None, "sha256"), Index(None, "titles_digest"))

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey(Import.id, ondelete="RESTRICT"))
    contents: Mapped[Contents] = mapped_column(closed_list(Contents))
    file_name: Mapped[FreeText]
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    row_count: Mapped[int]
    mapping: Mapped[FreeText]
    titles_digest: Mapped[str | None] = mapped_column(
        String(64)
    )  # the SHA-256 of the set of its titles: the mapping is offered for such a file again


class ImportSource:
    """The import and the file's row that a row of the book came from; null when it was typed."""

    import_id: Mapped[int | None]
    import_row: Mapped[int | None]  # as in a spreadsheet: the header is row 1
