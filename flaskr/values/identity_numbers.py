"""Swedish identity numbers: personnummer and samordningsnummer, wherever they stand in a text.

Both are six digits of a birth date (in a samordningsnummer the day has 60 added), three digits, and
a check digit by the Luhn algorithm over these nine (Skatteverket, SKV 704 and SKV 707). Numbers of
organisations have no date in them, and are not found.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime

from flaskr.errors import TextError

IN_REFERENCE = (
    "The reference has what looks like a Swedish identity number, which the book does not store. "
    "Choose another."
)
IN_TEXT = "The text has what looks like a Swedish identity number"

_DASHES = "-+\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0b\uff0d"
_CANDIDATE = re.compile(
    rf"(?<![0-9])(1[89]|20)?([0-9]{{2}})([01][0-9])([0-9]{{2}})[{_DASHES}\s]{{0,3}}"
    r"([0-9]{3})([0-9])(?![0-9])"
)
# What every number matches, in the syntax of RE2 too, which has no lookaround.
POSSIBLE = rf"[0-9]{{2}}[01][0-9]{{3}}[{_DASHES}\s]{{0,3}}[0-9]{{4}}"
_DOUBLED = dict(zip("0123456789", (0, 2, 4, 6, 8, 1, 3, 5, 7, 9), strict=True))
_COORDINATION_DAYS = 60
_LEAP_CENTURY = 2000  # a day that exists in any century exists in this one
_NO_SERIAL = "000"  # given to nobody, and the end of many round numbers


def has_identity_number(text: str) -> bool:
    """Whether a text has a Swedish identity number, of 10 or 12 digits."""
    plain = _plain(text)
    return next(_matches(plain), None) is not None


def without_identity_numbers(text: str) -> str:
    """Return a text with each digit of an identity number replaced by an asterisk."""
    plain = _plain(text)
    found = [match.span() for match in _matches(plain)]
    if not found:
        return text
    for start, end in found:
        plain = plain[:start] + re.sub("[0-9]", "*", plain[start:end]) + plain[end:]
    return plain


def check_reference(reference: str) -> str:
    """Return a reference without an identity number; raises TextError, which does not repeat it."""
    if has_identity_number(reference):
        raise TextError(IN_REFERENCE)
    return reference


def _plain(text: str) -> str:
    """Return a text with digits of other scripts as ASCII, without letters that cannot be seen."""
    if text.isascii():
        return text
    digits = (str(unicodedata.digit(each)) if each.isdigit() else each for each in text)
    return "".join(each for each in digits if unicodedata.category(each[0]) != "Cf")


def _matches(text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of identity numbers, checked by date and check digit."""
    return (match for match in _CANDIDATE.finditer(text) if _is_identity_number(match))


def _is_identity_number(match: re.Match[str]) -> bool:
    """Whether a candidate has a birth date that is not in the future, and its check digit."""
    century, year, month, day, serial, check = match.groups()
    if serial == _NO_SERIAL or not _is_right_digit(year + month + day + serial, check):
        return False
    day_of_month = int(day) - (_COORDINATION_DAYS if int(day) > _COORDINATION_DAYS else 0)
    full_year = int(century + year) if century else _LEAP_CENTURY + int(year)
    try:
        born = date(full_year, int(month), day_of_month)
    except ValueError:
        return False
    return not century or born <= datetime.now(UTC).date()


def _is_right_digit(nine: str, check: str) -> bool:
    """Whether the check digit of nine digits is right: every other one is doubled, from the first.

    The digits of a doubled one are added: 14 counts as 5.
    """
    added = sum(map(int, nine[1::2] + check))
    return (added + sum(map(_DOUBLED.__getitem__, nine[::2]))) % 10 == 0
