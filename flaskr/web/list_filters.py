"""Filters of lists: parsed from the parameters of an address, and formatted back to them."""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Self

from werkzeug.datastructures import MultiDict

from flaskr.values.as_at import Basis, Valuation
from flaskr.web.ordering import SortOrder, by_bytes
from flaskr.web.parameters import (
    FilterError,
    ParameterType,
    choice_parameter,
    format_values,
    parameter_field,
    parse_past_date,
    parse_values,
)

RECORDED = "recorded"


@dataclass(frozen=True)
class ActiveFilter:
    """One value that rows are filtered by, and the parameters without it."""

    name: str
    value: Any
    without: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which rows of a list to show, and in which order.

    Ranges include both ends (`_from` and `_to`). `sort` is a column, with - in front for
    descending order; the default is the newest first.
    """

    SORTS: ClassVar[dict[str, str]] = {}  # the columns to sort by, and their labels on pages
    DESCENDING_FIRST: ClassVar[Collection[str]] = ()  # columns whose first click sorts descending

    sort: str = parameter_field(ParameterType(str), f"-{RECORDED}")

    @classmethod
    def from_parameters(cls, given: MultiDict[str, str], ignored: Collection[str] = ()) -> Self:
        """Parse the parameters of an address; empty ones, and those `ignored`, do not count.

        Raises FilterError for an unknown parameter or value; the message names the valid ones.
        """
        known = {each.name: each for each in fields(cls)}
        values: dict[str, Any] = {}
        for name in given:
            texts = [text for text in given.getlist(name) if text.strip()]
            if name in ignored:
                continue
            if name not in known:
                allowed = ", ".join(sorted({*known, *ignored}))
                raise FilterError(
                    f"There is no parameter “{name[:40]}”. The parameters are {allowed}."
                )
            if texts:
                values[name] = parse_values(known[name], texts)
        cls.check(values)
        return cls(**values)

    @classmethod
    def check(cls, values: dict[str, Any]) -> None:
        """Raise FilterError for an unknown column to sort by."""
        sort = values.get("sort", RECORDED)
        names = (RECORDED, *cls.SORTS)
        if sort.removeprefix("-") not in names:
            allowed = ", ".join(names)
            text = f"Sort: “{sort[:40]}” is not one of {allowed}; put - in front for descending."
            raise FilterError(text, "sort")

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of this filter, sorted by name, without the defaults."""
        texts = {each.name: format_values(each, getattr(self, each.name)) for each in fields(self)}
        return {name: values for name, values in sorted(texts.items()) if values}

    @property
    def valuation(self) -> Valuation | None:
        """The as-at date and its basis; None for the current state."""
        return None

    @property
    def filter_names(self) -> set[str]:
        """The names of the parameters that rows are filtered by."""
        return set(self.parameters()) - {"sort", "as_at", "basis"}

    @property
    def is_restricted(self) -> bool:
        """Whether this is anything but all the rows in their current state."""
        return bool(self.filter_names) or self.valuation is not None

    @property
    def sort_name(self) -> str:
        """The name of the column to sort by."""
        return self.sort.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        """Whether the order is descending."""
        return self.sort.startswith("-")

    def parameters_with(self, **changes: Any) -> dict[str, Any]:
        """Return the parameters of this filter with some of them changed."""
        return replace(self, **changes).parameters()

    def parameters_unfiltered(self) -> dict[str, Any]:
        """Return the parameters for all rows, in the same order."""
        return type(self)(sort=self.sort).parameters()

    def active_filters(self) -> list[ActiveFilter]:
        """Return the values that rows are filtered by, in the order of the declared fields."""
        active = []
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name not in self.filter_names:
                continue
            for one in value if isinstance(value, tuple) else (value,):
                rest = tuple(v for v in value if v != one) if isinstance(value, tuple) else None
                without = each.default if rest is None else rest
                parameters = self.parameters_with(**{each.name: without})
                active.append(ActiveFilter(each.name, one, parameters))
        return active

    def parameters_sorted_by(self, name: str) -> dict[str, Any]:
        """Return the parameters to sort by a column; the current column reverses its order."""
        is_new = name != self.sort_name
        is_descending = name in self.DESCENDING_FIRST if is_new else not self.is_descending
        return self.parameters_with(sort=f"-{name}" if is_descending else name)

    @classmethod
    def choices(cls, name: str) -> tuple[StrEnum, ...]:
        """Return the members of the closed list that a parameter takes."""
        parameter = next(each for each in fields(cls) if each.name == name)
        kind: ParameterType = parameter.metadata["kind"]
        return kind.choices

    def order(self, columns: Any) -> SortOrder:
        """Return the sort order, by the columns of a select."""
        if self.sort_name == RECORDED:
            return SortOrder(is_descending=self.is_descending)
        column = columns[self.sort_name]
        is_closed_list = issubclass(column.type.python_type, StrEnum)
        return SortOrder(by_bytes(column) if is_closed_list else column, self.is_descending)


@dataclass(frozen=True, kw_only=True)
class AsAtFilter(Filter):
    """A filter that can also show rows as at an earlier date, on a basis."""

    as_at: date | None = parameter_field(ParameterType(parse_past_date))
    basis: Basis = choice_parameter(Basis, Basis.KNOWN)

    @classmethod
    def check(cls, values: dict[str, Any]) -> None:
        """Raise FilterError for an unknown column to sort by, and for a basis without a date."""
        super().check(values)
        if "basis" in values and "as_at" not in values:
            text = "Basis only applies to an as-at date: give as_at too."
            raise FilterError(text, "as_at")

    @property
    def valuation(self) -> Valuation | None:
        """The as-at date and its basis; None for the current state."""
        return Valuation(self.as_at, self.basis) if self.as_at else None

    def parameters_unfiltered(self) -> dict[str, Any]:
        """Return the parameters for all rows, as at the same date and in the same order."""
        return type(self)(sort=self.sort, as_at=self.as_at, basis=self.basis).parameters()

    def as_at_parameters(self) -> dict[str, Any]:
        """Return only the parameters of the as-at date."""
        return type(self)(as_at=self.as_at, basis=self.basis).parameters()


def has_empty_values(given: MultiDict[str, str]) -> bool:
    """Whether an address has parameters without a value, as forms send them."""
    return any(not text.strip() for _, text in given.items(multi=True))
