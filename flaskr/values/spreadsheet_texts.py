"""What spreadsheets and other programs make of texts: formulas, floats, days, other letters."""

import re

_MONTHS = (
    "[Jj]an|[Ff]eb|[Mm]ar|[Aa]pr|[Mm]aj|[Mm]ay|[Jj]un|[Jj]ul|[Aa]ug|[Ss]ep|[Oo][ck]t|[Nn]ov|[Dd]ec"
)
_DAY, _MONTH, _YEAR = "(0?[1-9]|[12][0-9]|3[01])", "(0?[1-9]|1[0-2])", "(19|20|21)[0-9]{2}"
_TIME = r"([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
# Patterns in the syntax that Python and Arrow share.
DECIMAL_NUMBERS = (
    "[+-]?([0-9]+[.,]0+|[0-9]([.,][0-9]+)?[eE][+-][0-9]{1,3}|[0-9][.,][0-9]+[eE][0-9]{1,3})"
)
DAYS = (
    f"{_YEAR}-{_MONTH}-{_DAY}{_TIME}|{_YEAR}/{_MONTH}/{_DAY}{_TIME}"
    f"|{_DAY}[./]{_DAY}[./]{_YEAR}{_TIME}"
    f"|{_DAY}-({_MONTHS})|({_MONTHS})-[0-9]{{2}}"
)
MISSING = "[Nn][Aa]N|nan|NULL|[Nn]ull|None|NaT|<NA>|[Nn]/[Aa]"  # programs' words for no value
_NO_VALUE = re.compile(MISSING)
_NUMBER, _ANY_DAY = re.compile(DECIMAL_NUMBERS, re.ASCII), re.compile(DAYS, re.ASCII)
_FORMULA_TEXT = re.compile(r'="((?:[^"]|"")*)"')


def formula_text(cell: str) -> str | None:
    """Return the text of a formula that is only a text (="00123" is 00123), None for others."""
    found = _FORMULA_TEXT.fullmatch(cell.strip())
    return found and found[1].replace('""', '"')


def turned_by_spreadsheet(reference: str, *, may_be_day: bool = False) -> str:
    """Return what a spreadsheet made of a reference, as a sentence; empty if it made nothing.

    A number became a float or lost its digits, a text became a day, or an empty cell a word.
    """
    if _NO_VALUE.fullmatch(reference):
        return f"A program wrote {reference} for an empty cell. Enter the reference."
    if _NUMBER.fullmatch(reference):
        made = f"a number or a text into the number {reference}"
    elif not may_be_day and _ANY_DAY.fullmatch(reference):
        made = f"a number or a text into the day {reference}"
    else:
        return ""
    return f"A spreadsheet turned {made}. Format the column as text, and enter the reference again."


def misread_letters(text: str) -> str:
    """Return what is wrong with a text whose UTF-8 was read as Windows-1252; empty if nothing is.

    All letters beyond ASCII stand in groups such as “Ã¤” then, which no language writes.
    """
    if text.isascii():
        return ""
    try:
        meant = text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return ""
    return (
        f"A program read UTF-8 as Windows-1252, and made this of “{meant[:40]}”. Open the file in "
        "it again as UTF-8."
    )
