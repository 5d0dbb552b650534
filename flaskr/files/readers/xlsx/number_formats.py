"""What the number formats of a workbook show: days, percentages, currencies."""

import re
import unicodedata
from dataclasses import dataclass, field

from flaskr.files.readers.cells import DAY, PADDED, PERCENTAGE

# The built-in formats that show dates or times, and those of them that show no time.
_DAY_FORMATS = {14, 15, 16, 17, 18, 19, 20, 21, 22, *range(27, 37), 45, 46, 47, *range(50, 59)}
_DATE_ONLY_FORMATS = {14, 15, 16, 17}
# The built-in 5 to 8, 42 and 44 show the currency of the computer that opens the workbook. That
# names none; Excel writes their codes into a workbook whose currency it knows.
_PERCENTAGE_FORMATS = {9, 10}
_LITERALS = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]")
_CURRENCY = re.compile(r"\[\$([^\]-]+)(?:-([^\]]*))?\]")
_NO_TEXT = re.compile(r"\[[^\]]*\]|_.|\*.")
_WORD = re.compile(r"[^\W\d_]+\.?")
_LETTERS = re.compile(r'"[^"]*\w[^"]*"|\\\w')
_CODES = frozenset(
    """AED ALL AUD BAM BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP GEL HKD HRK HUF IDR ILS INR
    ISK JPY KRW KZT MAD MDL MKD MXN MYR NGN NOK NZD PHP PLN QAR RON RSD RUB SAR SEK SGD THB TRY TWD
    UAH USD VND ZAR""".split()  # noqa: SIM905
)
_WORDS = frozenset(
    """kr tkr mkr tsek ksek msek teur keur meur tusd kusd musd euro euros dollar dollars kronor
    zł kč ft fr pund""".split()  # noqa: SIM905
)
# “kr” and “$” are signs of several currencies: the language after them says of which.
_BY_LANGUAGE = {
    ("kr", "sv"): "SEK", ("kr", "41d"): "SEK", ("kr", "81d"): "SEK",
    ("kr", "nb"): "NOK", ("kr", "nn"): "NOK", ("kr", "414"): "NOK", ("kr", "814"): "NOK",
    ("kr", "da"): "DKK", ("kr", "fo"): "DKK", ("kr", "406"): "DKK", ("kr", "438"): "DKK",
    ("kr", "is"): "ISK", ("kr", "40f"): "ISK",
    ("$", "409"): "USD", ("$", "en-us"): "USD",
    ("$", "1009"): "CAD", ("$", "en-ca"): "CAD",
    ("$", "c09"): "AUD", ("$", "en-au"): "AUD",
    ("$", "1409"): "NZD", ("$", "en-nz"): "NZD",
}  # fmt: skip


@dataclass
class NumberFormats:
    """The number formats of a workbook, by cell style.

    `days` are the styles that show a number as a date or a time, `dates_only` those of them that
    show no time, and `shown_as` says what a style shows: DAY, PERCENTAGE, PADDED or a currency.
    """

    days: set[str] = field(default_factory=set)
    dates_only: set[str] = field(default_factory=set)
    shown_as: dict[str, str] = field(default_factory=dict)

    def add(self, style: str, number: int, code: str | None) -> None:
        """Note the format of a style: its number, and its code if the workbook has one."""
        if number in _DAY_FORMATS if code is None else _shows_day(code):
            self.days.add(style)
            self.shown_as[style] = DAY
            if number in _DATE_ONLY_FORMATS if code is None else not _shows_time(code):
                self.dates_only.add(style)
        elif number in _PERCENTAGE_FORMATS if code is None else "%" in code:
            self.shown_as[style] = PERCENTAGE
        elif code is not None and (currency := currency_shown(code)):
            self.shown_as[style] = currency
        elif code is not None and _is_padded(code):
            self.shown_as[style] = PADDED


def _shows_day(code: str) -> bool:
    """Whether a format code shows a date or a time: whether it has d, m, y, h or s as codes."""
    return any(letter in "dmyhs" for letter in _LITERALS.sub("", code.lower()))


def _shows_time(code: str) -> bool:
    """Whether a format code that shows a date or a time shows a time."""
    code = code.lower()
    return bool(_ELAPSED.search(code)) or any(x in "hs" for x in _LITERALS.sub("", code))


def _is_padded(code: str) -> bool:
    """Whether a format code shows a number with leading zeros or letters: 00000, "C-"0."""
    text = _NO_TEXT.sub("", code.partition(";")[0])
    whole = text.partition(".")[0]
    has_zeros = whole.count("0") > 1 and not set("#,") & set(whole)
    return has_zeros or bool(_LETTERS.search(text))


def currency_shown(code: str) -> str:
    """Return the code or the sign of the currency that a format code names, empty for none."""
    if named := _CURRENCY.search(code):
        return _of_language(named[1].strip(), (named[2] or "").lower())
    text = _NO_TEXT.sub(" ", code).replace('"', "").replace("\\", "")
    for letter in text:
        if unicodedata.category(letter) == "Sc":
            return letter
    for word in _WORD.findall(text):
        plain = word.rstrip(".")
        if plain in _CODES or plain.lower() in _WORDS:
            return str(plain)
    return ""


def _of_language(sign: str, language: str) -> str:
    """Return the code of a sign that several currencies have, if its language is known."""
    key = sign.lower().rstrip(".")
    short = language.lstrip("0")[-4:].lstrip("0") if "-" not in language else language
    for name in (short, language, language.partition("-")[0]):
        if (key, name) in _BY_LANGUAGE:
            return _BY_LANGUAGE[key, name]
    return key if key == "kr" else sign
