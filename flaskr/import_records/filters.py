"""The parameter that filters rows by the import that they are from."""

from typing import Any

from flaskr.errors import ClaimBookError
from flaskr.web.parameters import ParameterType, parameter_field

_HIGHEST_NUMBER = 2**31 - 1  # the largest value of an INTEGER column


class _NotANumber(ClaimBookError):
    """A text that cannot be the number of an import."""

    status = 400


def import_parameter() -> Any:
    """Declare a parameter that takes the number of an import; one without rows finds none."""
    return parameter_field(ParameterType(_parse_number))


def _parse_number(text: str) -> int:
    """Parse the number of an import."""
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= 10):
        raise _NotANumber(f"“{text[:40]}” is not the number of an import.")
    number = int(text)
    if not 0 < number <= _HIGHEST_NUMBER:
        raise _NotANumber(f"There is no import {number}.")
    return number
