"""flask claims: look after the ledger."""

import click
from flask.cli import AppGroup

from flaskr.book import require_book
from flaskr.claims.check import faults, rebuild_balances
from flaskr.database import working
from flaskr.errors import ClaimBookError
from flaskr.extensions import db

claims = AppGroup("claims", help="Look after the claims and their ledger.")


@claims.command()
@click.option(
    "--rebuild", is_flag=True, help="Set wrong balances on claims to those of the ledger."
)
def check(rebuild: bool) -> None:
    """Compare every balance with the ledger; exit code 1 when something is wrong."""
    try:
        require_book()
    except ClaimBookError as error:
        raise click.ClickException(str(error)) from error
    if rebuild:
        click.echo(f"{rebuild_balances()} claims rebuilt.")
        db.session.commit()
    with working("read"):
        found = 0
        for fault in faults():
            found += 1
            click.echo(f"{fault.claim_reference}: {fault.text}")
        db.session.rollback()
    if found:
        raise click.ClickException(f"{found} faults found.")
    click.echo("The book agrees with its ledger.")
