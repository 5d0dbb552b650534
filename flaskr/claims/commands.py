"""The `flask claims` commands: total the claims; `flaskr.operations` checks the book."""

from datetime import datetime

import click

from flaskr.book.services import require_book
from flaskr.claims.as_at_queries import Basis, totals_as_at
from flaskr.claims.provenance import migrated_entries
from flaskr.commands import BookGroup
from flaskr.database.modes import transaction_mode
from flaskr.extensions import db
from flaskr.values.calendar import local_day, today
from flaskr.values.money import format_money

claims = BookGroup("claims", help="Check claims against their ledger, and total them.")


@claims.command()
@click.option(
    "--as-at",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Include entries up to and including this date.",
)
@click.option(
    "--basis", type=click.Choice([basis.value for basis in Basis]), default=Basis.KNOWN.value
)
def totals(as_at: datetime | None, basis: str) -> None:
    """Total the claims as at the end of a date, as known then or as booked."""
    require_book()
    day = as_at.date() if as_at else today()
    with transaction_mode("read"):
        claim_totals = totals_as_at(day, Basis(basis))
        migrated = migrated_entries(day) if basis == Basis.KNOWN else []
        db.session.rollback()
    click.echo(f"as at       {day}, {basis}")
    click.echo(f"claims      {claim_totals.claims}")
    click.echo(f"entries     {claim_totals.entries}")
    for name in ("paid", "outstanding", "claim_cost", "recovered", "net"):
        click.echo(f"{name.replace('_', ' '):<12}{format_money(getattr(claim_totals, name))}")
    for each in migrated:
        number = f"{'more than ' if each.is_more else ''}{each.entries}"
        loaded = local_day(each.recorded_at)
        click.echo(f"migrated    {number} of the entries, by import {each.import_id} on {loaded}")
