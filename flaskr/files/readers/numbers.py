"""Convert the floats in which spreadsheets store numbers and dates to text."""

import math
import re
from datetime import datetime, timedelta
from decimal import Decimal

_NUMBER_LIMIT = 10**15  # larger floats have no exact öre, and a spreadsheet keeps 15 digits
NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", re.ASCII)
SIGNIFICANT_DIGITS = 15  # of a float, and what a spreadsheet shows at most
_PLAIN = re.compile(r"-?[0-9]+\.[0-9]+", re.ASCII)
_SHORT = re.compile(r"-?(?:0|[1-9][0-9]{0,14})", re.ASCII)
_TOO_LONG = (
    "\0A spreadsheet keeps 15 digits of a number. Format the cell as text and type it again."
)
NOT_A_NUMBER = "\0This is not a number. Write its digits, or leave the cell empty."
_NOT_A_DAY = "\0This date does not exist. Type it again."
_TIME_ALONE = "\0This is a time without a date. Type the date."

# Excel counts days from 1899-12-31, and has a 1900-02-29 that did not exist.
_EPOCH_1900 = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's days have no time zone
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
FALSE_DAY, LAST_DAY = 60, 2_958_466


def shortest_digits(text: str) -> str:
    """Return a number as the shortest digits that give the same float, without an exponent.

    Returns a sentence that begins with NUL for what is not a number, and for a number too large for
    a float to hold its last digit.
    """
    if _SHORT.fullmatch(text) and text != "-0":
        return text
    try:
        value = float(text)
    except ValueError:
        return NOT_A_NUMBER
    if math.isnan(value) or (math.isinf(value) and not NUMBER.fullmatch(text)):
        return NOT_A_NUMBER
    if abs(value) >= _NUMBER_LIMIT:
        return _TOO_LONG
    if value == int(value):
        return str(int(value))
    shortest = repr(value)
    return shortest if "e" not in shortest else format(Decimal(shortest), "f")


def without_float_noise(digits: str) -> str:
    """Return the digits of a float without what arithmetic left behind its 15th digit.

    300.29999999999995 is 300.3. A number that 15 digits do not make shorter keeps its digits, as
    33.333333333333336 does, and so does one of at most two decimals: an amount needs no rounding.
    """
    if len(digits) <= SIGNIFICANT_DIGITS or not _PLAIN.fullmatch(digits):
        return digits
    whole, _, decimals = digits.partition(".")
    if len(decimals) <= 2 or len(whole.lstrip("-0")) + len(decimals) <= SIGNIFICANT_DIGITS:
        return digits
    rounded = Decimal(format(float(digits), f".{SIGNIFICANT_DIGITS}g"))
    short = rounded.normalize() if rounded else Decimal(0)
    return format(short, "f") if len(short.as_tuple().digits) < SIGNIFICANT_DIGITS else digits


def format_day(text: str, is_1904: bool, hides_time: bool = False) -> str:
    """Return the ISO date, or date and time, that a spreadsheet's number of days stands for.

    `hides_time`: the cell shows the day alone, so that the time is left out.
    """
    value = float(text)
    if 0 <= value < 1 and not is_1904:
        return _TIME_ALONE
    is_false = not is_1904 and int(value) == FALSE_DAY
    if not 0 <= value < LAST_DAY - (1462 if is_1904 else 0) or is_false:
        return _NOT_A_DAY
    epoch = _EPOCH_1904 if is_1904 else _EPOCH_1900
    if not is_1904 and value < FALSE_DAY:
        epoch += timedelta(days=1)
    moment = epoch + timedelta(milliseconds=round(value * 86_400_000))
    if hides_time:
        return moment.date().isoformat()
    is_midnight = moment == datetime.combine(moment, datetime.min.time())
    return moment.date().isoformat() if is_midnight else moment.isoformat()
