"""The days of a demo book as arrays: their midnights, and instants in office hours."""

from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from flaskr.values.calendar import day_end

Array = NDArray[Any]
_EPOCH = date(1970, 1, 1)
_HOUR = 3600
NONE = -1  # means NULL: no day, amount or row of a demo book is below zero


def _day_number(day: date) -> int:
    """Return a date as days since 1970."""
    return (day - _EPOCH).days


class BookDays:
    """The days from `first` to `until`, both included; instants are UTC seconds."""

    def __init__(self, first: date, until: date) -> None:
        self.first = _day_number(first)
        self.until = _day_number(until)
        count = self.until - self.first + 2
        before = (first + timedelta(days=number - 1) for number in range(count))
        self.midnights = np.array([int(day_end(day).timestamp()) for day in before], np.int64)
        self.end = int(self.midnights[-1])  # the first instant after the book's last day

    def instants(self, days: Array, rng: Generator) -> Array:
        """Return an instant within each day, mostly in office hours.

        A day after `until` gives an instant after it."""
        index = np.minimum(days, self.until + 1) - self.first
        hours = rng.integers(7 * _HOUR, 18 * _HOUR, len(days))
        # Some are typed at night, so that the local day and the day in UTC differ. The shortest day
        # of the year has 23 hours.
        at_night = rng.random(len(days)) < 0.03
        hours[at_night] = rng.integers(0, 23 * _HOUR, int(at_night.sum()))
        return self.midnights[index] + hours

    def local_days(self, instants: Array) -> Array:
        """Return the day on which each instant falls."""
        index = np.searchsorted(self.midnights, instants, side="right")
        return (index - 1 + self.first).astype(np.int32)

    def local_years(self, instants: Array) -> Array:
        """Return the calendar year in which each instant falls."""
        months = self.local_days(instants).astype("M8[D]").astype("M8[Y]")
        return months.astype(np.int64) + 1970
