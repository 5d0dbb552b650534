"""The tables of the book's currency and time zone, and of its reference counters."""

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from flaskr.extensions import Base
from flaskr.values.column_types import Instant


class Book(Base):
    """The book's own settings, in one row; the application does not start with other settings."""

    __tablename__ = "book"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[Instant]


class Counter(Base):
    """The last number allotted for references of one prefix and year."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
