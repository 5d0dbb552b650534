"""The rows of one table to load."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TableRows:
    """One table's rows: their number, and a function that yields them as Arrow record batches.

    All batches have the same columns of the table, including ids: amounts are whole öre, dates
    date32, instants timestamp[us] in UTC. A column that is left out is NULL.
    """

    name: str
    count: int
    batches: Callable[[], Iterator[Any]]
