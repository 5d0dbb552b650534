"""The mode of transactions: reading, writing or migrating."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

TransactionMode = Literal["read", "write", "migrate"]
current_mode: ContextVar[TransactionMode] = ContextVar("transaction_mode", default="write")


@contextmanager
def transaction_mode(mode: TransactionMode) -> Iterator[None]:
    """Begin the transactions of this block in a mode; those already begun keep theirs."""
    token = current_mode.set(mode)
    try:
        yield
    finally:
        current_mode.reset(token)
