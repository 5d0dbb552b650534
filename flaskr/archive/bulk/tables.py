"""Rows of one table on their way into the book."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TableRows:
    """One table's rows: how many, and a function that yields them as Arrow record batches.

    The batches have the table's own columns, ids among them, and all batches the same: amounts are
    whole öre, days date32, instants timestamp[us] in UTC. A column that is left out is NULL.
    """

    name: str
    count: int
    batches: Callable[[], Iterator[Any]]
