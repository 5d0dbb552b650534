"""What an address filters a list by: read from its parameters, refused, and written back."""

from collections.abc import Callable, Collection
from dataclasses import Field, dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Self
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from flaskr.calendar import parse_day, today
from flaskr.cuts import Basis, Cut
from flaskr.errors import ClaimBookError, DateError, TextError
from flaskr.money import parse_money
from flaskr.ordering import Order, by_bytes
from flaskr.text import clean_text

LONGEST_SOUGHT = 100
RECORDED = "recorded"


class FilterError(ClaimBookError):
    """A parameter that a list cannot be filtered by."""

    status = 400


@dataclass(frozen=True)
class Kind:
    """How a parameter is read; `is_many`: it may be given again, for any of them."""

    read: Callable[[str], Any]
    is_many: bool = False
    among: tuple[StrEnum, ...] = ()


def declared(kind: Kind, default: Any = None) -> Any:
    """Return the field of a parameter."""
    return field(default=() if kind.is_many else default, metadata={"kind": kind})


def read_one_of(values: type[StrEnum]) -> Callable[[str], Any]:
    """Return a reader that refuses what is not in a closed list, naming what is."""

    def read(text: str) -> StrEnum:
        try:
            return values(text)
        except ValueError:
            raise FilterError(f"“{text[:40]}” is not one of {', '.join(values)}.") from None

    return read


def read_text(text: str) -> str:
    """Read what is looked for in texts: one line of at most 100 characters."""
    sought = " ".join(clean_text(text).split())
    if len(sought) > LONGEST_SOUGHT:
        raise TextError("At most 100 characters can be looked for.")
    return sought


def read_past_day(text: str) -> date:
    """Read the day of a cut: today or before."""
    day = parse_day(text)
    if day > today():
        raise DateError(f"{day} has not ended yet; choose today or a day before.")
    return day


def any_of(values: type[StrEnum]) -> Any:
    """Declare a parameter that takes members of a closed list, any of which will do."""
    return declared(Kind(read_one_of(values), is_many=True, among=tuple(values)))


def one_of(values: type[StrEnum], default: StrEnum | None = None) -> Any:
    """Declare a parameter that takes one member of a closed list."""
    return declared(Kind(read_one_of(values), among=tuple(values)), default)


def a_day() -> Any:
    """Declare a parameter that takes a day."""
    return declared(Kind(parse_day))


def an_amount() -> Any:
    """Declare a parameter that takes an amount as people write it."""
    return declared(Kind(parse_money))


def a_text() -> Any:
    """Declare a parameter that takes text."""
    return declared(Kind(read_text), "")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which rows of a list, as at which day, in which order; made from an address's parameters.

    Every bound counts: `_from` and `_to` are inclusive. `sort` is a column, with - in front for
    falling; without it the newest come first.
    """

    SORTS: ClassVar[dict[str, str]] = {}  # the columns to sort by, and what pages call them
    FALLING_FIRST: ClassVar[Collection[str]] = ()  # those of which the highest is sought

    sort: str = declared(Kind(str), f"-{RECORDED}")
    as_at: date | None = declared(Kind(read_past_day))
    basis: Basis = one_of(Basis, Basis.KNOWN)

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
                raise FilterError(f"There is no parameter “{name[:40]}”; there are {allowed}.")
            if texts:
                values[name] = read_values(known[name], texts)
        cls.check(values)
        return cls(**values)

    @classmethod
    def check(cls, values: dict[str, Any]) -> None:
        """Refuse an order that there is not, and a clock without a day."""
        sort = values.get("sort", RECORDED)
        names = (RECORDED, *cls.SORTS)
        if sort.removeprefix("-") not in names:
            allowed = ", ".join(names)
            raise FilterError(f"Sort: “{sort[:40]}” is not one of {allowed}; - in front: falling.")
        if "basis" in values and "as_at" not in values:
            raise FilterError("Basis says how the book was as at a day: give as_at too.")

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that ask for this, in one order, without what goes by default."""
        written = {each.name: write_values(each, getattr(self, each.name)) for each in fields(self)}
        return {name: texts for name, texts in sorted(written.items()) if texts}

    def query_string(self) -> str:
        """Return the one query string that says this; empty for the whole book of today."""
        return urlencode(self.parameters(), doseq=True)

    @property
    def cut(self) -> Cut | None:
        """The cut that is asked for; None for now."""
        return Cut(self.as_at, self.basis) if self.as_at else None

    @property
    def set_names(self) -> set[str]:
        """Names of the parameters that leave rows out."""
        return set(self.parameters()) - {"sort", "as_at", "basis"}

    @property
    def is_part(self) -> bool:
        """Whether these are not simply all the rows of today."""
        return bool(self.set_names) or self.as_at is not None

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

    def sorted_by(self, name: str) -> dict[str, Any]:
        """Return the parameters for another column to sort by, or the same the other way round."""
        falls = not self.is_falling if name == self.sort_name else name in self.FALLING_FIRST
        return self.but(sort=f"-{name}" if falls else name)

    @classmethod
    def choices(cls, name: str) -> tuple[StrEnum, ...]:
        """Return the closed list that a parameter takes from."""
        kind: Kind = next(each for each in fields(cls) if each.name == name).metadata["kind"]
        return kind.among

    def order(self, columns: Any) -> Order:
        """Return the order over the columns of a select."""
        if self.sort_name == RECORDED:
            return Order(is_falling=self.is_falling)
        column = columns[self.sort_name]
        is_listed = issubclass(column.type.python_type, StrEnum)
        return Order(by_bytes(column) if is_listed else column, self.is_falling)


def has_empty(given: MultiDict[str, str]) -> bool:
    """Whether an address has parameters without a value, as a form sends them."""
    return any(not text.strip() for _, text in given.items(multi=True))


def read_values(parameter: Field[Any], texts: list[str]) -> Any:
    """Return the value of one parameter; raises FilterError with its name."""
    kind: Kind = parameter.metadata["kind"]
    label = parameter.name.replace("_", " ").capitalize()
    if len(texts) > 1 and not kind.is_many:
        raise FilterError(f"{label} is given more than once; give it once.")
    try:
        values = [kind.read(text.strip()) for text in texts]
    except ClaimBookError as error:
        raise FilterError(f"{label}: {error}") from error
    return tuple(sorted(set(values))) if kind.is_many else values[0]


def write_values(parameter: Field[Any], value: Any) -> list[str]:
    """Return what an address says for a value; nothing for what goes by default."""
    if value == parameter.default:
        return []
    kind: Kind = parameter.metadata["kind"]
    return [str(each) for each in (value if kind.is_many else (value,))]
