"""Filters of lists: which rows, in which order, from the parameters of an address."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar

from flaskr.values.as_at import Valuation
from flaskr.web.ordering import SortOrder, by_bytes
from flaskr.web.parameters import (
    AsAtParameters,
    FilterError,
    Parameters,
    ParameterType,
    parameter_field,
)

RECORDED = "recorded"


@dataclass(frozen=True)
class ActiveFilter:
    """One value that rows are filtered by, and the parameters without it."""

    name: str
    value: Any
    without: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Filter(Parameters):
    """Which rows of a list to show, and in which order.

    Ranges include both ends (`_from` and `_to`). `sort` is a column, with - in front for
    descending order; the default is the newest first.
    """

    SORTS: ClassVar[dict[str, str]] = {}  # the columns to sort by, and their labels on pages
    DESCENDING_FIRST: ClassVar[Collection[str]] = ()  # columns whose first click sorts descending

    sort: str = parameter_field(ParameterType(str), f"-{RECORDED}")

    @classmethod
    def check(cls, values: dict[str, Any]) -> None:
        """Raise FilterError for an unknown column to sort by."""
        super().check(values)
        sort = values.get("sort", RECORDED)
        names = (RECORDED, *cls.SORTS)
        if sort.removeprefix("-") not in names:
            allowed = ", ".join(names)
            text = f"Sort: “{sort[:40]}” is not one of {allowed}; put - in front for descending."
            raise FilterError(text, "sort")

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
class AsAtFilter(AsAtParameters, Filter):
    """A filter that can also show rows as at an earlier date, on a basis."""

    def parameters_unfiltered(self) -> dict[str, Any]:
        """Return the parameters for all rows, as at the same date and in the same order."""
        return type(self)(sort=self.sort, as_at=self.as_at, basis=self.basis).parameters()
