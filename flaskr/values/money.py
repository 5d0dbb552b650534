"""Amounts of money: whole öre in the database, Decimal with two places in Python, never floats."""

import re
from decimal import Decimal

from flaskr.errors import MoneyError

_ORE = Decimal("0.01")
ZERO = Decimal("0.00")
# One entry moves at most this much; a balance or a total has at most 18 digits.
LARGEST_ENTRY = Decimal("999999999999.99")
LARGEST_BALANCE = Decimal("9999999999999999.99")

_SPACES = " \u00a0\u202f\u2009"
_MINUS = "-\u2212"
_PLAIN = re.compile(r"[0-9]{1,18}([.,][0-9]{1,2})?", re.ASCII)
_GROUPED = re.compile(rf"[0-9]{{1,3}}([{_SPACES}][0-9]{{3}})+([.,][0-9]{{1,2}})?", re.ASCII)


def to_ore(amount: Decimal) -> int:
    """Return an amount in öre; raises MoneyError for fractions of an öre, NaN or over 18 digits."""
    if not isinstance(amount, Decimal):
        raise MoneyError(f"Money is a Decimal, not {type(amount).__name__}.")
    if not amount.is_finite():
        raise MoneyError("An amount must be a number.")
    # Comparisons are exact; abs() would round at the context's precision first.
    if not -LARGEST_BALANCE <= amount <= LARGEST_BALANCE:
        raise MoneyError("An amount has at most 16 digits before the decimals.")
    whole = amount.quantize(_ORE)
    if whole != amount:
        raise MoneyError("An amount has at most two decimals.")
    return int(whole.scaleb(2))


def from_ore(ore: int) -> Decimal:
    """Return whole öre as a Decimal with two places."""
    # Built from digits: arithmetic would round at the context's precision.
    sign, digits = (1, -ore) if ore < 0 else (0, ore)
    return Decimal((sign, tuple(map(int, str(digits))), -2))


def checked_amount(amount: Decimal) -> Decimal:
    """Return an amount with exactly two places; raises MoneyError if that would round it."""
    return from_ore(to_ore(amount))


def parse_money(text: str) -> Decimal:
    """Parse an amount as people write it: 12345.50, 12345,50 or 12 345,50.

    Raises MoneyError for ambiguous text (1,234), exponents, and a third decimal.
    """
    trimmed = text.strip(_SPACES + "\t\r\n")
    digits = trimmed.lstrip("+" + _MINUS) if trimmed[:1] in ("+", *_MINUS) else trimmed
    if len(trimmed) - len(digits) > 1 or not (
        _PLAIN.fullmatch(digits) or _GROUPED.fullmatch(digits)
    ):
        raise MoneyError(f"“{text[:40]}” is not an amount; write it as 12345.50 or 12 345,50.")
    for space in _SPACES:
        digits = digits.replace(space, "")
    amount = checked_amount(Decimal(digits.replace(",", ".")))
    return -amount if trimmed[0] in _MINUS else amount


def format_money(amount: Decimal) -> str:
    """Format an amount for a page: thin spaces between thousands, two decimals, a minus sign."""
    grouped = f"{abs(amount):,.2f}".replace(",", "\u202f")
    return f"\u2212{grouped}" if amount < 0 else grouped
