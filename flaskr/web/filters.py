"""What an address filters a list by: read from its parameters, refused, and written back."""

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
    one_of,
    parameter_field,
    read_past_day,
    read_values,
    write_values,
)

RECORDED = "recorded"


@dataclass(frozen=True)
class Given:
    """One value that leaves rows out, and the parameters that ask for the same without it."""

    name: str
    value: Any
    without: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which rows of a list, in which order; made from an address's parameters.

    Every bound counts: `_from` and `_to` are inclusive. `sort` is a column, with - in front for
    falling; without it the newest come first.
    """

    SORTS: ClassVar[dict[str, str]] = {}  # the columns to sort by, and what pages call them
    FALLING_FIRST: ClassVar[Collection[str]] = ()  # those of which the highest is sought

    sort: str = parameter_field(ParameterType(str), f"-{RECORDED}")

    @classmethod
    def from_parameters(cls, given: MultiDict[str, str], besides: Collection[str] = ()) -> Self:
        """Read the parameters of an address; empty ones count as not given, `besides` are others'.

        Raises FilterError for an unknown parameter or value, naming those that there are.
        """
        known = {each.name: each for each in fields(cls)}
        values: dict[str, Any] = {}
        for name in given:
            texts = [text for text in given.getlist(name) if text.strip()]
            if name in besides:
                continue
            if name not in known:
                allowed = ", ".join(sorted({*known, *besides}))
                raise FilterError(
                    f"There is no parameter “{name[:40]}”. The parameters are {allowed}."
                )
            if texts:
                values[name] = read_values(known[name], texts)
        cls.check(values)
        return cls(**values)

    @classmethod
    def check(cls, values: dict[str, Any]) -> None:
        """Refuse an order that there is not."""
        sort = values.get("sort", RECORDED)
        names = (RECORDED, *cls.SORTS)
        if sort.removeprefix("-") not in names:
            allowed = ", ".join(names)
            text = f"Sort: “{sort[:40]}” is not one of {allowed}; put - in front for descending."
            raise FilterError(text, "sort")

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that ask for this, in one order, without what goes by default."""
        written = {each.name: write_values(each, getattr(self, each.name)) for each in fields(self)}
        return {name: texts for name, texts in sorted(written.items()) if texts}

    @property
    def valuation(self) -> Valuation | None:
        """The cut that is asked for; None for now."""
        return None

    @property
    def set_names(self) -> set[str]:
        """Names of the parameters that leave rows out."""
        return set(self.parameters()) - {"sort", "as_at", "basis"}

    @property
    def is_part(self) -> bool:
        """Whether these are not simply all the rows of today."""
        return bool(self.set_names) or self.valuation is not None

    @property
    def sort_name(self) -> str:
        """The column that is sorted by."""
        return self.sort.removeprefix("-")

    @property
    def is_falling(self) -> bool:
        """Whether the order is falling."""
        return self.sort.startswith("-")

    def but(self, **changes: Any) -> dict[str, Any]:
        """Return the parameters that ask for the same with some things changed."""
        return replace(self, **changes).parameters()

    def unfiltered(self) -> dict[str, Any]:
        """Return the parameters for all the rows, in the same order."""
        return type(self)(sort=self.sort).parameters()

    def given(self) -> list[Given]:
        """Return what leaves rows out, one value at a time, as it is declared."""
        found = []
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name not in self.set_names:
                continue
            for one in value if isinstance(value, tuple) else (value,):
                rest = tuple(v for v in value if v != one) if isinstance(value, tuple) else None
                without = each.default if rest is None else rest
                found.append(Given(each.name, one, self.but(**{each.name: without})))
        return found

    def sorted_by(self, name: str) -> dict[str, Any]:
        """Return the parameters for another column to sort by, or the same the other way round."""
        falls = not self.is_falling if name == self.sort_name else name in self.FALLING_FIRST
        return self.but(sort=f"-{name}" if falls else name)

    @classmethod
    def choices(cls, name: str) -> tuple[StrEnum, ...]:
        """Return the closed list that a parameter takes from."""
        kind: ParameterType = next(each for each in fields(cls) if each.name == name).metadata[
            "kind"
        ]
        return kind.among

    def order(self, columns: Any) -> SortOrder:
        """Return the order over the columns of a select."""
        if self.sort_name == RECORDED:
            return SortOrder(is_falling=self.is_falling)
        column = columns[self.sort_name]
        is_listed = issubclass(column.type.python_type, StrEnum)
        return SortOrder(by_bytes(column) if is_listed else column, self.is_falling)


@dataclass(frozen=True, kw_only=True)
class AsAtFilter(Filter):
    """Which rows of a list that has a past: as at which day too, and by which clock."""

    as_at: date | None = parameter_field(ParameterType(read_past_day))
    basis: Basis = one_of(Basis, Basis.KNOWN)

    @classmethod
    def check(cls, values: dict[str, Any]) -> None:
        """Refuse an order that there is not, and a clock without a day."""
        super().check(values)
        if "basis" in values and "as_at" not in values:
            text = "Basis only applies to an as-at date: give as_at too."
            raise FilterError(text, "as_at")

    @property
    def valuation(self) -> Valuation | None:
        """The cut that is asked for; None for now."""
        return Valuation(self.as_at, self.basis) if self.as_at else None

    def unfiltered(self) -> dict[str, Any]:
        """Return the parameters for all the rows, as at the same day and in the same order."""
        return type(self)(sort=self.sort, as_at=self.as_at, basis=self.basis).parameters()

    def as_at_parameters(self) -> dict[str, Any]:
        """Return the parameters for the same day alone."""
        return type(self)(as_at=self.as_at, basis=self.basis).parameters()


def has_empty(given: MultiDict[str, str]) -> bool:
    """Whether an address has parameters without a value, as a form sends them."""
    return any(not text.strip() for _, text in given.items(multi=True))
