"""Amounts of money: whole öre in the database, Decimal with two places in Python, never floats."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

from flaskr.errors import MoneyError
from flaskr.values.currencies import currencies_of, other_currency

_ORE = Decimal("0.01")
ZERO = Decimal("0.00")
# One entry moves at most this much; a balance or a total has at most 18 digits.
LARGEST_ENTRY = Decimal("999999999999.99")
LARGEST_BALANCE = Decimal("9999999999999999.99")

_SPACES = " \u00a0\u202f\u2009"
_MINUS = "-\u2212\u2013"
_APOSTROPHES = "'\u2019"
_LONGEST_AMOUNT = 60
_FLOAT_DIGITS = 15  # of a binary float; the one or two after them are noise of its arithmetic
_NOISY_DIGITS = (16, 17)
_NOISE = Decimal("0.001")
_PLAIN = re.compile(r"[0-9]{1,18}([.,][0-9]{1,2})?", re.ASCII)
_GROUPED = re.compile(rf"[0-9]{{1,3}}([{_SPACES}][0-9]{{3}})+([.,][0-9]{{1,2}})?", re.ASCII)
_WITHOUT_SPACES = {**dict.fromkeys(map(ord, _SPACES)), ord(","): "."}
_BY_SPACES = re.compile(rf"[0-9]{{1,3}}([{_SPACES}][0-9]{{3}})+([.,][0-9]+)?", re.ASCII)
_BY_APOSTROPHES = re.compile(rf"[0-9]{{1,3}}([{_APOSTROPHES}][0-9]{{3}})+([.,][0-9]+)?", re.ASCII)
_BY_OTHER_MARK = re.compile(
    r"[1-9][0-9]{0,2}((\.[0-9]{3})+(,[0-9]+)?|(,[0-9]{3})+(\.[0-9]+)?)", re.ASCII
)
_ONE_MARK = re.compile(r"[0-9]+([.,][0-9]+)?", re.ASCII)
_TWO_READINGS = re.compile(r"[1-9][0-9]*[.,][0-9]{3}", re.ASCII)
_WORD = rf"[^{_MINUS}0-9\s{_SPACES}()+.,:{_APOSTROPHES}]+\.?"
# The number, and around it a sign or brackets, and a currency.
_PARTS = re.compile(
    rf"(?P<open>\()?(?P<sign>[{_MINUS}+])?[{_SPACES}]*(?P<before>{_WORD})?[{_SPACES}]*"
    rf"(?P<inner>[{_MINUS}+])?[{_SPACES}]*(?P<number>[0-9](?:.*[0-9])?)"
    rf"(?P<whole>[:.,][{_MINUS}])?(?P<last>[{_MINUS}])?[{_SPACES}]*(?P<after>{_WORD})?"
    rf"[{_SPACES}]*(?P<close>\))?",
    re.ASCII,
)


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
        raise MoneyError("An amount has at most two decimals. Round it first.")
    return int(whole.scaleb(2))


def from_ore(ore: int) -> Decimal:
    """Return whole öre as a Decimal with two places."""
    # Built from digits: arithmetic would round at the context's precision.
    sign, digits = (1, -ore) if ore < 0 else (0, ore)
    return Decimal((sign, tuple(map(int, str(digits))), -2))


def checked_amount(amount: Decimal) -> Decimal:
    """Return an amount with exactly two places; raises MoneyError if that would round it."""
    return from_ore(to_ore(amount))


def parse_money(text: str, currency: str = "") -> Decimal:
    """Parse an amount as people write it: 12345.50, 12 345,50, 12.345,50 or SEK 12345.50.

    `currency` is the book's own; with another one the amount is refused. Raises MoneyError for
    text with two readings (1,234), exponents, and a third decimal that is not zero.
    """
    trimmed = text.strip(_SPACES + "\t\r\n")
    is_negative = trimmed[:1] in _MINUS and trimmed != ""
    digits = trimmed[1:] if is_negative else trimmed
    if _PLAIN.fullmatch(digits) or _GROUPED.fullmatch(digits):  # most amounts
        digits = digits.translate(_WITHOUT_SPACES)
        amount = checked_amount(Decimal(digits))
        return -amount if is_negative else amount
    parts = _PARTS.fullmatch(trimmed) if len(trimmed) <= _LONGEST_AMOUNT else None
    signs = [parts[name] for name in ("sign", "inner", "last") if parts[name]] if parts else []
    if parts is None or bool(parts["open"]) != bool(parts["close"]):
        raise _no_amount_error(text)
    if len(signs) + bool(parts["open"]) > 1:
        raise _no_amount_error(text)
    for word in (parts["before"], parts["after"], (parts["whole"] or "")[:1] == ":" and ":-"):
        if word:
            _check_currency(word, currency, text)
    number = parts["number"]
    if parts["whole"] and not (number.isdigit() or _BY_SPACES.fullmatch(number)):
        raise _no_amount_error(text)
    amount = _without_marks(number, text)
    return -amount if parts["open"] or any(sign in _MINUS for sign in signs) else amount


def _check_currency(word: str, currency: str, text: str) -> None:
    """Raise MoneyError unless a word beside an amount is the book's currency."""
    if not currencies_of(word):
        raise _no_amount_error(text)
    if other := other_currency(word, currency):
        raise MoneyError(_other_currency_text(other, currency))


def _other_currency_text(other: str, currency: str) -> str:
    """Return the sentence for an amount in another currency than the book's."""
    kept = f"The book is kept in {currency}; this amount" if currency else "This amount"
    return f"{kept} is in {other}. Convert it first."


def _without_marks(number: str, text: str) -> Decimal:
    """Return the amount of a number in which only one mark can separate the decimals."""
    if _TWO_READINGS.fullmatch(number):
        whole = re.sub("[.,]", "", number)
        raise MoneyError(
            f"“{number}” can be {whole} or a number with three decimals. "
            f"Write it as {whole}.00 if it is {whole}."
        )
    if _BY_SPACES.fullmatch(number) or _BY_APOSTROPHES.fullmatch(number):
        digits = re.sub(f"[{_SPACES}{_APOSTROPHES}]", "", number).replace(",", ".")
    elif _BY_OTHER_MARK.fullmatch(number):
        digits = _without_groups(number)
    elif _ONE_MARK.fullmatch(number):
        digits = number.replace(",", ".")
    else:
        raise _no_amount_error(text)
    return checked_amount(_rounded_noise(Decimal(digits)))


def _without_groups(number: str) -> str:
    """Return a number whose groups of three have a dot or a comma between, without them."""
    group = next(letter for letter in number if letter in ".,")
    return number.replace(group, "").replace(",", ".")


def _rounded_noise(amount: Decimal) -> Decimal:
    """Return an amount with the digits that a binary float is written with as its first 15."""
    _, digits, exponent = amount.as_tuple()
    if len(digits) not in _NOISY_DIGITS or int(exponent) >= -2:
        return amount
    rounded = Context(prec=_FLOAT_DIGITS, rounding=ROUND_HALF_EVEN).plus(amount)
    return rounded if abs(rounded - amount) < _NOISE else amount


def _no_amount_error(text: str) -> MoneyError:
    """Return the error for a text that is not an amount."""
    return MoneyError(f"“{text[:40]}” is not an amount; write it as 12345.50 or 12 345,50.")


def format_money(amount: Decimal) -> str:
    """Format an amount for a page: thin spaces between thousands, two decimals, a minus sign."""
    grouped = f"{abs(amount):,.2f}".replace(",", "\u202f")
    return f"\u2212{grouped}" if amount < 0 else grouped
