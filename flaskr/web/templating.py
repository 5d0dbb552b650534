"""What templates print with: money, days, instants, percentages and plain words."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from flask import Flask

from flaskr.facts.labels import CLOSED_LISTS, LABELS
from flaskr.settings import BOOK_VERSION
from flaskr.values.calendar import book_zone
from flaskr.values.money import money_text
from flaskr.values.pseudonyms import (
    NO_NAMES,
    WITHHELD,
    is_signed_in,
    may_ask_for_names,
    pseudonym,
    sees_names,
)

_NOTHING = "\u2013"


def money(amount: Decimal | None) -> str:
    """Write an amount with grouped thousands; a dash when there is none."""
    return _NOTHING if amount is None else money_text(amount)


def day(value: date | None) -> str:
    """Write a day as 2026-01-31; a dash when there is none."""
    return _NOTHING if value is None else value.isoformat()


def instant(value: datetime) -> str:
    """Write an instant as the book's own local time, to the minute."""
    return value.astimezone(book_zone()).strftime("%Y-%m-%d %H:%M")


def percent(value: float | None) -> str:
    """Write a share as 12.3 %."""
    return _NOTHING if value is None else f"{value:.1%}".replace("%", "\u00a0%")


def words(value: str | None) -> str:
    """Write a member of a closed list or a name in words: in_force becomes "in force"."""
    return _NOTHING if not value else LABELS.get(value) or value.replace("_", " ").lower()


def fact(value: object) -> str:
    """Write a fact of any kind as its own filter would."""
    if isinstance(value, Decimal):
        return money(value)
    if isinstance(value, StrEnum):
        return words(value)
    return str(value) if value not in (None, "") else _NOTHING


def number(value: int) -> str:
    """Write a whole number with grouped thousands."""
    return f"{value:,}".replace(",", "\u202f")


def byte_size(value: int) -> str:
    """Write a number of bytes in the largest unit of which there is one, kB being 1000."""
    size, units = float(value), ["bytes", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        del units[0]
    return f"{size:.0f}\u00a0{units[0]}" if units[0] == "bytes" else f"{size:.1f}\u00a0{units[0]}"


def register(app: Flask) -> None:
    """Give the templates their filters, what they ask of names, and the book's currency."""
    for write in (money, day, instant, percent, words, fact, number, byte_size, pseudonym):
        app.add_template_filter(write)
    app.jinja_env.globals.update(
        sees_names=sees_names.get,
        is_signed_in=is_signed_in,
        may_ask_for_names=may_ask_for_names,
        CLOSED_LISTS=CLOSED_LISTS,
        NO_NAMES=NO_NAMES,
        WITHHELD=WITHHELD,
    )
    app.context_processor(
        lambda: {"currency": app.config["BOOK_CURRENCY"], "version": BOOK_VERSION}
    )
