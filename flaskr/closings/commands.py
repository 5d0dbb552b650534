"""flask book: declare the book live, close its periods, and list what came late."""

from datetime import date, datetime

import click
from flask.cli import with_appcontext

from flaskr.audit.services import command_actor
from flaskr.book.periods import NOT_LIVE, needs_declaration
from flaskr.book.services import require_book
from flaskr.closings.late_queries import LATE_KINDS
from flaskr.closings.presenters import late_booking
from flaskr.closings.queries import (
    CLOSING_FIGURES,
    all_closings,
    closing_through,
    live_declaration,
)
from flaskr.closings.services import close_period, declare_live
from flaskr.commands import BookGroup
from flaskr.database.modes import transaction_mode
from flaskr.errors import ClaimBookError
from flaskr.extensions import db

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(cls=BookGroup, invoke_without_command=True)
@with_appcontext
def book() -> None:
    """Declare the book live and close its periods; alone, it says what was done so far."""
    if click.get_current_context().invoked_subcommand is not None:
        return
    require_book()
    with transaction_mode("read"):
        declaration = live_declaration()
        if declaration:
            by = declaration.recorded_by
            click.echo(f"live since {_instant(declaration.recorded_at)}, declared by {by}")
        else:
            click.echo(NOT_LIVE if needs_declaration() else "The book is empty, and not live.")
        for closing in all_closings():
            by = f"{_instant(closing.recorded_at)} by {closing.recorded_by}"
            click.echo(f"closed through {closing.closed_through}, on {by}")
            for name in CLOSING_FIGURES:
                click.echo(f"  {name:<12}{getattr(closing, name)}")
        db.session.rollback()


@book.command("live")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def live_command(yes: bool) -> None:
    """Declare the book live: it takes no migration, demo data or archive any more."""
    require_book()
    if not yes:
        click.confirm(
            "From then on the book takes no migration, no demo data and no archive, and this "
            "cannot be taken back. Declare it live?",
            abort=True,
        )
    declaration = declare_live(actor=command_actor())
    db.session.commit()
    click.echo(f"The book is live since {_instant(declaration.recorded_at)}.")


@book.command("close")
@click.argument("day", type=_DAY)
def close_command(day: datetime) -> None:
    """Close the books through DAY: no entry can be dated on it or before any more."""
    require_book()
    closing = close_period(day.date(), actor=command_actor())
    db.session.commit()
    click.echo(f"The books are closed through {closing.closed_through}.")
    for name in CLOSING_FIGURES:
        click.echo(f"{name:<12}{getattr(closing, name)}")


@book.command("late")
@click.argument("day", type=_DAY)
def late_command(day: datetime) -> None:
    """List what came late in the period closed through DAY."""
    require_book()
    with transaction_mode("read"):
        try:
            _list_late(day.date())
        finally:
            db.session.rollback()


def _list_late(day: date) -> None:
    """Print every late booking of a closing, by kind."""
    closing = closing_through(day)
    if closing is None:
        raise ClaimBookError(f"The books were not closed through {day}.")
    for kind in LATE_KINDS.values():
        number = 0
        for number, row in enumerate(kind.rows(closing), start=1):
            if number == 1:
                click.echo(f"{kind.title}:")
            each = late_booking(row)
            when = f"{_instant(each.recorded_at)} by {each.recorded_by}"
            click.echo(f"  {each.reference}  {each.text}  {when}")
        if not number:
            click.echo(f"{kind.title}: none")


def _instant(value: datetime) -> str:
    """Return an instant to the second."""
    return value.isoformat(timespec="seconds")
