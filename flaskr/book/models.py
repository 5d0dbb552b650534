"""What the book itself is: its currency, its time zone, and how far its references have come."""

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from flaskr.extensions import Base
from flaskr.values.column_types import Instant


class Book(Base):
    """The one row that says what this book is; a setting that differs refuses to start."""

    __tablename__ = "book"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[Instant]


class Counter(Base):
    """How far the references of one prefix and year have been allotted."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
