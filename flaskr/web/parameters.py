"""One parameter of an address: how it is read, refused, and written back."""

from collections.abc import Callable
from dataclasses import Field, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from flaskr.errors import ClaimBookError, DateError, TextError
from flaskr.values.calendar import parse_day, today
from flaskr.values.money import parse_money
from flaskr.values.text import clean_text

_LONGEST_SOUGHT = 100


class FilterError(ClaimBookError):
    """A parameter that a list cannot be filtered by; `parameter` is its name, when it has one."""

    status = 400

    def __init__(self, text: str, parameter: str = "") -> None:
        super().__init__(text)
        self.parameter = parameter


@dataclass(frozen=True)
class ParameterType:
    """How a parameter is read; `is_many`: it may be given again, for any of them."""

    read: Callable[[str], Any]
    is_many: bool = False
    among: tuple[StrEnum, ...] = ()


def parameter_field(kind: ParameterType, default: Any = None) -> Any:
    """Return the field of a parameter."""
    return field(default=() if kind.is_many else default, metadata={"kind": kind})


def _read_one_of(values: type[StrEnum]) -> Callable[[str], Any]:
    """Return a reader that refuses what is not in a closed list, naming what is."""

    def read(text: str) -> StrEnum:
        try:
            return values(text)
        except ValueError:
            raise FilterError(f"“{text[:40]}” is not one of {', '.join(values)}.") from None

    return read


def _read_text(text: str) -> str:
    """Read what is looked for in texts: one line of at most 100 characters."""
    sought = " ".join(clean_text(text).split())
    if len(sought) > _LONGEST_SOUGHT:
        raise TextError("A search can have at most 100 characters.")
    return sought


def read_past_day(text: str) -> date:
    """Read the day of a cut: today or before."""
    day = parse_day(text)
    if day > today():
        raise DateError(f"{day} is in the future; choose today or an earlier date.")
    return day


def any_of(values: type[StrEnum]) -> Any:
    """Declare a parameter that takes members of a closed list, any of which will do."""
    return parameter_field(ParameterType(_read_one_of(values), is_many=True, among=tuple(values)))


def one_of(values: type[StrEnum], default: StrEnum | None = None) -> Any:
    """Declare a parameter that takes one member of a closed list."""
    return parameter_field(ParameterType(_read_one_of(values), among=tuple(values)), default)


def a_day() -> Any:
    """Declare a parameter that takes a day."""
    return parameter_field(ParameterType(parse_day))


def an_amount() -> Any:
    """Declare a parameter that takes an amount as people write it."""
    return parameter_field(ParameterType(parse_money))


def a_text() -> Any:
    """Declare a parameter that takes text."""
    return parameter_field(ParameterType(_read_text), "")


def read_values(parameter: Field[Any], texts: list[str]) -> Any:
    """Return the value of one parameter; raises FilterError with its name."""
    kind: ParameterType = parameter.metadata["kind"]
    label = parameter.name.replace("_", " ").capitalize()
    if len(texts) > 1 and not kind.is_many:
        raise FilterError(f"{label} is given more than once; give it once.", parameter.name)
    try:
        values = [kind.read(text.strip()) for text in texts]
    except ClaimBookError as error:
        raise FilterError(f"{label}: {error}", parameter.name) from error
    return tuple(sorted(set(values))) if kind.is_many else values[0]


def write_values(parameter: Field[Any], value: Any) -> list[str]:
    """Return what an address says for a value; nothing for what goes by default."""
    if value == parameter.default:
        return []
    kind: ParameterType = parameter.metadata["kind"]
    return [str(each) for each in (value if kind.is_many else (value,))]
