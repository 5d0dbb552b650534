"""Template filters: amounts, dates, instants, percentages and labels."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from flask import Flask

from flaskr.facts.labels import CLOSED_LISTS, LABELS
from flaskr.settings import BOOK_VERSION
from flaskr.values.calendar import book_zone
from flaskr.values.money import format_money
from flaskr.values.pseudonyms import (
    NO_NAMES,
    WITHHELD,
    is_signed_in,
    may_ask_for_names,
    pseudonym,
    sees_names,
)
from flaskr.web.shown_names import PERSONAL_COLUMNS, shown

_DASH = "\u2013"


def money_or_dash(amount: Decimal | None) -> str:
    """Format an amount with grouped thousands; a dash if it is missing."""
    return _DASH if amount is None else format_money(amount)


def _date_or_dash(value: date | None) -> str:
    """Format a date as 2026-01-31; a dash if it is missing."""
    return _DASH if value is None else value.isoformat()


def format_instant(value: datetime) -> str:
    """Format an instant in the book's time zone, to the minute."""
    return value.astimezone(book_zone()).strftime("%Y-%m-%d %H:%M")


def _percent_or_dash(value: float | None) -> str:
    """Format a share as 12.3 %; a dash if it is missing."""
    return _DASH if value is None else f"{value:.1%}".replace("%", "\u00a0%")


def label_of(value: str | None) -> str:
    """Return the label of a closed list's member or of a name: in_force gives "in force"."""
    return _DASH if not value else LABELS.get(value) or value.replace("_", " ").lower()


def format_fact(value: object) -> str:
    """Format a fact by its type: an amount, a closed list's member, or text."""
    if isinstance(value, Decimal):
        return money_or_dash(value)
    if isinstance(value, StrEnum):
        return label_of(value)
    return str(value) if value not in (None, "") else _DASH


def format_number(value: int) -> str:
    """Format a whole number with grouped thousands."""
    return f"{value:,}".replace(",", "\u202f")


def format_byte_size(value: int) -> str:
    """Format a number of bytes in the largest unit that gives 1 or more; a kB is 1000 bytes."""
    size, units = float(value), ["bytes", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        del units[0]
    return f"{size:.0f}\u00a0{units[0]}" if units[0] == "bytes" else f"{size:.1f}\u00a0{units[0]}"


_FILTERS: dict[str, Callable[..., str | None]] = {
    "money": money_or_dash,
    "day": _date_or_dash,
    "instant": format_instant,
    "percent": _percent_or_dash,
    "words": label_of,
    "fact": format_fact,
    "number": format_number,
    "byte_size": format_byte_size,
    "pseudonym": pseudonym,
    "shown_name": shown,
}


def register_filters(app: Flask) -> None:
    """Register the templates' filters and globals: names, the currency and the version."""
    app.jinja_env.filters.update(_FILTERS)
    app.jinja_env.globals.update(
        sees_names=sees_names.get,
        is_signed_in=is_signed_in,
        may_ask_for_names=may_ask_for_names,
        CLOSED_LISTS=CLOSED_LISTS,
        PERSONAL_COLUMNS=PERSONAL_COLUMNS,
        NO_NAMES=NO_NAMES,
        WITHHELD=WITHHELD,
    )
    app.context_processor(
        lambda: {"currency": app.config["BOOK_CURRENCY"], "version": BOOK_VERSION}
    )
