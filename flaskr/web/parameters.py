"""One query parameter: its type, how it is parsed, and how it is formatted again."""

from collections.abc import Callable
from dataclasses import Field, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from flaskr.errors import ClaimBookError, DateError, TextError
from flaskr.facts.labels import LABELS
from flaskr.values.calendar import parse_day, today
from flaskr.values.money import parse_money
from flaskr.values.text import clean_text

_MAX_SEARCH_LENGTH = 100


class FilterError(ClaimBookError):
    """An unknown or invalid parameter; `parameter` is its name, or empty if it is unknown."""

    status = 400

    def __init__(self, text: str, parameter: str = "") -> None:
        super().__init__(text)
        self.parameter = parameter


@dataclass(frozen=True)
class ParameterType:
    """How a parameter is parsed; `is_list`: it may be repeated, and any of its values matches."""

    parse: Callable[[str], Any]
    is_list: bool = False
    choices: tuple[StrEnum, ...] = ()


def parameter_field(kind: ParameterType, default: Any = None) -> Any:
    """Declare a dataclass field that is a parameter of a type."""
    return field(default=() if kind.is_list else default, metadata={"kind": kind})


def _choice_parser(values: type[StrEnum]) -> Callable[[str], Any]:
    """Return a parser for members of a closed list; its errors name the members."""

    def parse(text: str) -> StrEnum:
        try:
            return values(text)
        except ValueError:
            raise FilterError(f"“{text[:40]}” is not one of {', '.join(values)}.") from None

    return parse


def _parse_search_text(text: str) -> str:
    """Parse a text to search for: one line of at most 100 characters."""
    line = " ".join(clean_text(text).split())
    if len(line) > _MAX_SEARCH_LENGTH:
        raise TextError("A search can have at most 100 characters.")
    return line


def parse_past_date(text: str) -> date:
    """Parse an as-at date: today or earlier."""
    day = parse_day(text)
    if day > today():
        raise DateError(f"{day} is in the future; choose today or an earlier date.")
    return day


def choices_parameter(values: type[StrEnum]) -> Any:
    """Declare a parameter that takes any number of members of a closed list."""
    kind = ParameterType(_choice_parser(values), is_list=True, choices=tuple(values))
    return parameter_field(kind)


def choice_parameter(values: type[StrEnum], default: StrEnum | None = None) -> Any:
    """Declare a parameter that takes one member of a closed list."""
    return parameter_field(ParameterType(_choice_parser(values), choices=tuple(values)), default)


def date_parameter() -> Any:
    """Declare a parameter that takes a date."""
    return parameter_field(ParameterType(parse_day))


def money_parameter() -> Any:
    """Declare a parameter that takes an amount as people write it."""
    return parameter_field(ParameterType(parse_money))


def text_parameter() -> Any:
    """Declare a parameter that takes a text to search for."""
    return parameter_field(ParameterType(_parse_search_text), "")


def parse_values(parameter: Field[Any], texts: list[str]) -> Any:
    """Parse the value of one parameter; raises FilterError with its name."""
    kind: ParameterType = parameter.metadata["kind"]
    label = LABELS.get(parameter.name) or parameter.name.replace("_", " ").capitalize()
    if len(texts) > 1 and not kind.is_list:
        raise FilterError(f"{label} is given more than once; give it once.", parameter.name)
    try:
        values = [kind.parse(text.strip()) for text in texts]
    except ClaimBookError as error:
        raise FilterError(f"{label}: {error}", parameter.name) from error
    return tuple(sorted(set(values))) if kind.is_list else values[0]


def format_values(parameter: Field[Any], value: Any) -> list[str]:
    """Format a value for an address; an empty list for the default."""
    if value == parameter.default:
        return []
    kind: ParameterType = parameter.metadata["kind"]
    return [str(each) for each in (value if kind.is_list else (value,))]
