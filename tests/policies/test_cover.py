"""The rule of cover in four languages: the result is the same for every policy and day."""

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Date, literal, null, select

from flaskr.extensions import db
from flaskr.policies.cover import COVERS_LOSS, covers, covers_days, is_in_force

FIRST = date(2024, 1, 1)
LATER_THAN_ANY = np.iinfo(np.int32).max
near = st.integers(-3, 12).map(lambda days: FIRST + timedelta(days=days))


@pytest.fixture(scope="module")
def connection(shared_app):
    with shared_app.app_context(), db.engine.connect() as connection:
        yield connection


@dataclass(frozen=True)
class Cover:
    inception_date: date
    expiry_date: date
    cancelled_on: date | None


@given(inception=near, expiry=near, cancelled=st.none() | near, day=near)
@example(inception=FIRST, expiry=FIRST + timedelta(days=1), cancelled=None, day=FIRST)
@example(inception=FIRST, expiry=FIRST + timedelta(days=9), cancelled=FIRST, day=FIRST)
def test_the_rule_of_cover_is_the_same_in_every_language(
    connection, inception, expiry, cancelled, day
):
    policy = Cover(inception, expiry, cancelled)

    results = {
        bool(connection.scalar(select(is_in_force(sql_facts(policy), literal(day, Date))))),
        bool(in_numpy(policy, day)),
        in_duckdb(policy, day),
        covers(policy, day),
    }

    is_not_cancelled = cancelled is None or day < cancelled
    assert results == {inception <= day < expiry and is_not_cancelled}


def sql_facts(policy: Cover) -> dict:
    named = vars(policy).items()
    return {name: null() if day is None else literal(day, Date) for name, day in named}


def in_numpy(policy: Cover, day: date) -> np.bool_:
    def number(moment: date | None) -> int:
        return LATER_THAN_ANY if moment is None else moment.toordinal()

    cover_end = np.minimum(number(policy.expiry_date), number(policy.cancelled_on))
    return covers_days(np.array(number(policy.inception_date)), cover_end, np.array(number(day)))


def in_duckdb(policy: Cover, day: date) -> bool:
    sql = f"""SELECT {COVERS_LOSS} FROM (SELECT $inception::DATE AS inception_date,
        $expiry::DATE AS expiry_date, $cancelled::DATE AS cancelled_on, $loss::DATE AS loss_date)"""
    values = {
        "inception": policy.inception_date,
        "expiry": policy.expiry_date,
        "cancelled": policy.cancelled_on,
        "loss": day,
    }
    return duckdb.execute(sql, values).fetchall()[0][0]
