"""SQLAlchemy column types: money, instants, text sorted by bytes, and closed lists."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from operator import add, neg, sub
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Enum, String, Text, type_coerce
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column
from sqlalchemy.sql.type_api import TypeEngine
from sqlalchemy.types import TypeDecorator

from flaskr.values.money import from_ore, to_ore
from flaskr.values.text import KEY_LENGTH, REFERENCE_LENGTH


class MoneyType(TypeDecorator[Decimal]):
    """An amount: whole öre in the database, Decimal with two places in Python."""

    impl = BigInteger
    cache_ok = True

    class Comparator(TypeDecorator.Comparator):
        """Sums, differences and negations of money stay money."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            # Without this SQLAlchemy calls the sum of two decorated columns a plain BIGINT,
            # and a claim cost comes out a hundred times too large.
            return _as_money(op, super().operate(op, *other, **kwargs))

        def reverse_operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            return _as_money(op, super().reverse_operate(op, *other, **kwargs))

    comparator_factory = Comparator

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        """Convert a Decimal to öre; floats and fractions of an öre are refused."""
        return None if value is None else to_ore(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Convert öre to a Decimal; PostgreSQL returns sums as numeric."""
        return None if value is None else from_ore(int(value))


def _as_money(op: Any, expression: Any) -> Any:
    """Give the result of an operator on money the money type, if it is a sum or a difference."""
    return type_coerce(expression, MoneyType()) if op in (add, sub, neg) else expression


class UtcDateTime(TypeDecorator[datetime]):
    """An instant in UTC; SQLite alone would return naive datetimes."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use timestamptz on PostgreSQL."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert an aware datetime to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant needs a time zone.")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware datetime in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _sorted_text(length: int | None = None) -> TypeEngine[str]:
    """Return a text type that SQLite and PostgreSQL both sort by bytes."""
    if length is None:
        return Text().with_variant(Text(collation="C"), "postgresql")
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def closed_list(values: type[StrEnum]) -> Enum:
    """Return a type that stores a StrEnum's value, with room for longer members to come."""
    return Enum(
        values,
        native_enum=False,
        length=32,
        create_constraint=False,
        validate_strings=True,
        values_callable=lambda members: [member.value for member in members],
    )


Money = Annotated[Decimal, mapped_column(MoneyType)]
Instant = Annotated[datetime, mapped_column(UtcDateTime)]
Reference = Annotated[str, mapped_column(_sorted_text(REFERENCE_LENGTH))]
ReferenceKey = Annotated[str, mapped_column(_sorted_text(KEY_LENGTH), unique=True)]
OptionalCode = Annotated[str | None, mapped_column(_sorted_text(REFERENCE_LENGTH))]
FreeText = Annotated[str, mapped_column(_sorted_text())]
