"""What forms say about closed periods, in which no entry can be dated."""

from datetime import timedelta

from wtforms import Field

from flaskr.book.periods import first_open_day


def show_first_open_day(transaction_date: Field) -> None:
    """Say on the field of a transaction date which days are closed."""
    if first := first_open_day():
        closed = f"The books are closed through {first - timedelta(days=1)}."
        transaction_date.description = f"{transaction_date.description} {closed}"
        transaction_date.render_kw = {"min": first.isoformat()}


def show_day_of_reserve(reserve: Field) -> None:
    """Say on the field of a new claim's reserve how it is dated if the report's day is closed."""
    if first := first_open_day():
        closed = (
            f"The books are closed through {first - timedelta(days=1)}: the reserve of a claim "
            f"reported by then is dated {first}."
        )
        reserve.description = f"{reserve.description} {closed}"
