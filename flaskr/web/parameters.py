"""Query parameters: their types, how they are parsed, and how they are formatted again."""

from collections.abc import Callable, Collection
from dataclasses import Field, dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from flask import current_app
from werkzeug.datastructures import MultiDict

from flaskr.errors import ClaimBookError, DateError, TextError
from flaskr.facts.labels import LABELS
from flaskr.values.as_at import Basis, Valuation
from flaskr.values.calendar import parse_day, today
from flaskr.values.money import parse_money
from flaskr.values.text import stored_text

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
    line = " ".join(stored_text(text).split())
    if len(line) > _MAX_SEARCH_LENGTH:
        raise TextError("A search can have at most 100 characters.")
    return line


def _parse_amount(text: str) -> Decimal:
    """Parse an amount in the book's currency."""
    return parse_money(text, current_app.config["BOOK_CURRENCY"])


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
    return parameter_field(ParameterType(_parse_amount))


def text_parameter() -> Any:
    """Declare a parameter that takes a text to search for."""
    return parameter_field(ParameterType(_parse_search_text), "")


def _label(name: str) -> str:
    """Return how a message names a parameter: as_at gives "As at"."""
    return LABELS.get(name) or name.replace("_", " ").capitalize()


def given_twice(name: str) -> FilterError:
    """Return the refusal of a parameter that takes one value and has several."""
    return FilterError(f"{_label(name)} is given more than once; give it once.", name)


def unknown_parameter(name: str, known: Collection[str]) -> FilterError:
    """Return the refusal of an unknown parameter, which names those that are known."""
    allowed = (
        f"The parameters are {', '.join(sorted(known))}." if known else "This page takes none."
    )
    return FilterError(f"There is no parameter “{name[:40]}”. {allowed}")


def _parse_values(parameter: Field[Any], texts: list[str]) -> Any:
    """Parse the value of one parameter; raises FilterError with its name."""
    kind: ParameterType = parameter.metadata["kind"]
    if len(texts) > 1 and not kind.is_list:
        raise given_twice(parameter.name)
    try:
        values = [kind.parse(text.strip()) for text in texts]
    except ClaimBookError as error:
        raise FilterError(f"{_label(parameter.name)}: {error}", parameter.name) from error
    return tuple(sorted(set(values))) if kind.is_list else values[0]


def _format_values(parameter: Field[Any], value: Any) -> list[str]:
    """Format a value for an address; an empty list for the default."""
    if value == parameter.default:
        return []
    kind: ParameterType = parameter.metadata["kind"]
    return [str(each) for each in (value if kind.is_list else (value,))]


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Parameters of an address, one for each field; parsed, and formatted back."""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the parameters."""
        return tuple(each.name for each in fields(cls))

    @classmethod
    def from_parameters(cls, given: MultiDict[str, str], ignored: Collection[str] = ()) -> Self:
        """Parse all the parameters of an address except those `ignored`.

        Raises FilterError for an unknown parameter or value; the message names the valid ones.
        """
        known = {*cls.names(), *ignored}
        for name in given:
            if name not in known:
                raise unknown_parameter(name, known)
        return cls.from_address(given)

    @classmethod
    def from_address(cls, given: MultiDict[str, str]) -> Self:
        """Parse these parameters of an address, which may have others; empty ones do not count.

        Raises FilterError for an invalid value.
        """
        values: dict[str, Any] = {}
        for each in fields(cls):
            if texts := [text for text in given.getlist(each.name) if text.strip()]:
                values[each.name] = _parse_values(each, texts)
        cls.check(values)
        return cls(**values)

    @classmethod
    def check(cls, values: dict[str, Any]) -> None:
        """Raise FilterError for values that do not go together."""

    def parameters(self) -> dict[str, Any]:
        """Return the parameters, sorted by name, without the defaults."""
        texts = {each.name: _format_values(each, getattr(self, each.name)) for each in fields(self)}
        return {name: values for name, values in sorted(texts.items()) if values}

    def parameters_with(self, **changes: Any) -> dict[str, Any]:
        """Return the parameters with some of them changed."""
        return replace(self, **changes).parameters()


@dataclass(frozen=True, kw_only=True)
class AsAtParameters(Parameters):
    """The as-at date that a page shows, and its basis; without them it shows the current state."""

    as_at: date | None = parameter_field(ParameterType(parse_past_date))
    basis: Basis = choice_parameter(Basis, Basis.KNOWN)

    @classmethod
    def check(cls, values: dict[str, Any]) -> None:
        """Raise FilterError for a basis without a date too."""
        super().check(values)
        if "basis" in values and "as_at" not in values:
            text = "Basis only applies to an as-at date: give as_at too."
            raise FilterError(text, "as_at")

    @property
    def valuation(self) -> Valuation | None:
        """The as-at date and its basis; None for the current state."""
        return Valuation(self.as_at, self.basis) if self.as_at else None


def has_empty_values(given: MultiDict[str, str]) -> bool:
    """Whether an address has parameters without a value, as forms send them."""
    return any(not text.strip() for _, text in given.items(multi=True))
