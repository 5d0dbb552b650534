"""flask import: load files into the book, all or none."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from flaskr.book import require_book
from flaskr.claims.models import Claim
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.imports.checks import checked, claim_cost, raise_any
from flaskr.imports.layouts import CLAIM_COSTS, MIGRATION, laid_out, recognise
from flaskr.imports.migration_checks import read_migration
from flaskr.imports.migration_services import Migrated, import_migration
from flaskr.imports.readers import RawTable, read_table
from flaskr.imports.refusals import ImportRefused, Refusal
from flaskr.imports.services import CostsImported, import_costs
from flaskr.money import ZERO

ACTOR = "command"
SHOWN_CLAIMS = 20


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--migration", is_flag=True, help="The files are an older system's, with its own instants."
)
@with_appcontext
def import_file(files: tuple[Path, ...], migration: bool) -> None:
    """Load files (.xlsx or .csv) into the book: everything in them, or nothing.

    One file of claim costs has the columns Claim Reference and Claim Cost. A claim that is not in
    the book is opened with its cost outstanding; on one that is, the difference is posted.

    With --migration the files are those of an older system, up to three in any order: policies,
    claims and ledger. The README lists their columns.
    """
    try:
        require_book()
        raws = [read_table(path) for path in files]
        sentences = load_migration(raws) if migration else load_costs(raws)
    except ClaimBookError as error:
        db.session.rollback()
        raise click.ClickException(f"Nothing was imported.\n{error}") from error
    db.session.commit()
    click.echo("\n".join(sentences))


def load_costs(raws: Sequence[RawTable]) -> list[str]:
    """Load a file of claim costs; return what to say of it."""
    for raw in raws:
        layout = recognise(raw, (CLAIM_COSTS, *MIGRATION))
        if layout is not CLAIM_COSTS:
            text = f"This looks like the {layout.name} of an older system. Add --migration."
            raise ImportRefused(Refusal(text, raw.file))
    if len(raws) > 1:
        raise ImportRefused(Refusal("Import one file of claim costs at a time.", raws[1].file))
    costs, refusals = checked(laid_out(raws[0], CLAIM_COSTS), claim_cost, "claim_reference")
    raise_any(refusals)
    return [told_costs(raws[0].file, import_costs(costs, actor=ACTOR))]


def load_migration(raws: Sequence[RawTable]) -> list[str]:
    """Load the files of a migration together; return what to say of it."""
    return told_migration(import_migration(read_migration(raws), actor=ACTOR))


def told_costs(file: str, result: CostsImported) -> str:
    """Say what became of a file of claim costs, class by class."""
    created, unchanged, changed = map(total, (result.created, result.unchanged, result.changed))
    return (
        f"{file}: {len(result.created)} created, {len(result.unchanged)} unchanged, "
        f"{len(result.changed)} changed. Claim cost created {created}, unchanged {unchanged}, "
        f"changed by {changed} {current_app.config['BOOK_CURRENCY']}."
    )


def total(amounts: Sequence[tuple[Claim, Decimal]]) -> Decimal:
    """Return the amounts of a class added up."""
    return sum((amount for _, amount in amounts), ZERO)


def told_migration(result: Migrated) -> list[str]:
    """Say what a migration brought, and which claims their policies do not cover."""
    totals = result.totals
    sentences = [
        f"{result.policies} policies, {result.claims} claims and {result.entries} ledger entries "
        f"created. Paid {totals.paid}, outstanding {totals.outstanding}, recovered "
        f"{totals.recovered} {current_app.config['BOOK_CURRENCY']}."
    ]
    if result.uncovered:
        named = ", ".join(result.uncovered[:SHOWN_CLAIMS])
        more = len(result.uncovered) - SHOWN_CLAIMS
        sentences.append(
            f"Taken, though the policy was not in force at the loss: {named}"
            + (f" and {more} more." if more > 0 else ".")
        )
    return sentences
