"""flask demo: fill an empty book with made-up data."""

from datetime import date, datetime

import click

from flaskr.book.services import require_book
from flaskr.commands import BookGroup
from flaskr.extensions import db

LAST_DAY = date(2025, 12, 31)  # fixed: the same command gives the same book on any later day
_MOST_ROWS = 20_000_000

demo = BookGroup("demo", help="Fill an empty book with made-up policies and claims.")


@demo.command()
@click.option("--policies", type=click.IntRange(1, _MOST_ROWS), default=200_000, show_default=True)
@click.option("--claims", type=click.IntRange(0, _MOST_ROWS), default=1_000_000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    default=LAST_DAY.isoformat(),
    show_default=True,
    help="The book's last date; the book covers the seven years up to it.",
)
def fill(policies: int, claims: int, seed: int, until: datetime) -> None:
    """Fill an empty book, completely or not at all; the same options give the same book."""
    # Imported here because only this command needs NumPy and Arrow.
    from flaskr.demo.filling.services import load_book, prepare_book

    require_book()
    click.echo("Generating the book ...")
    book = prepare_book(policies, claims, seed, until.date())
    with click.progressbar(length=book.row_count, label="Loading") as bar:
        load_book(book, bar.update)
    db.session.commit()
    click.echo(
        f"{policies} policies and {claims} claims with {book.entry_count} entries, "
        f"until {until.date()}."
    )
