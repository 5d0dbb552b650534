"""The tables of the book itself: its settings and counters, its declaration, closings and seals."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from flaskr.extensions import Base
from flaskr.values.column_types import Instant, Money


class Book(Base):
    """The book's own settings, in one row; the application does not start with other settings."""

    __tablename__ = "book"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[Instant]
    first_posted_at: Mapped[Instant | None]  # the first entry that was not brought or filled in


class Counter(Base):
    """The last number allotted for references of one prefix and year."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class LiveDeclaration(Base):
    """That the book is live, in one row, never edited or deleted: no migration is taken since."""

    __tablename__ = "live_declarations"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[str] = mapped_column(String(64))


class Closing(Base):
    """A closed period, never edited or deleted: no entry is dated on `closed_through` or before.

    The counts and amounts are those booked at its last day, as they were when it was closed.
    """

    __tablename__ = "closings"

    id: Mapped[int] = mapped_column(primary_key=True)
    closed_through: Mapped[date] = mapped_column(unique=True)
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[str] = mapped_column(String(64))
    policies: Mapped[int]
    claims: Mapped[int]
    entries: Mapped[int]
    premium: Mapped[Money]
    paid: Mapped[Money]
    outstanding: Mapped[Money]
    recovered: Mapped[Money]


class Seal(Base):
    """What ties a commit to all commits before it; never edited or deleted.

    `digest` is a SHA-256 over the seal before it and all that came since. The other columns are the
    highest id of each table that it covers.
    """

    __tablename__ = "seals"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]  # of the lines that the digest is computed from
    policies: Mapped[int]
    claims: Mapped[int]
    ledger_entries: Mapped[int]
    policy_revisions: Mapped[int]
    claim_revisions: Mapped[int]
    imports: Mapped[int]
    import_files: Mapped[int]
    closings: Mapped[int]
    live_declarations: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
