"""flask claims check: check the whole book."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from flaskr.audit.queries import last_event_id
from flaskr.audit.services import command_actor
from flaskr.book.periods import NOT_LIVE, needs_declaration
from flaskr.book.sealing.queries import SealName, parse_seal, watermark
from flaskr.book.services import require_book
from flaskr.claims.check.services import rebuild_balances
from flaskr.claims.queries import book_size
from flaskr.commands import BookCommand, CommandFailed, InputFile
from flaskr.database.lost_commits import MISSING_WAL
from flaskr.database.modes import transaction_mode
from flaskr.errors import ClaimBookError
from flaskr.exit_codes import ExitCode
from flaskr.exports.kept.services import kept_folder
from flaskr.extensions import db
from flaskr.operations.book_check import book_faults, seal_of_manifest


@click.command("check", cls=BookCommand)
@click.option("--rebuild", is_flag=True, help="Correct wrong balances on claims from the ledger.")
@click.option(
    "--seal", metavar="ID:DIGEST", help="Whether the book contains this seal, seen earlier."
)
@click.option(
    "--manifest",
    type=InputFile(),
    help="Whether the book contains the seal in a manifest.",
)
@with_appcontext
def check_book(rebuild: bool, seal: str | None, manifest: Path | None) -> None:
    """Check every row against the rules, and compute all seals again.

    Also looks for the seals that the trail and the kept exports name. The exit code is 5 when
    something is wrong.
    """
    require_book()
    seen = _seals_of_options(seal, manifest)
    if rebuild:
        click.echo(f"{rebuild_balances(command_actor())} claims rebuilt.")
        db.session.commit()
    with transaction_mode("read"):
        faults = 0
        for fault in book_faults(kept_folder(current_app.config), seen):
            faults += 1
            click.echo(fault)
        count, entries = book_size()
        last_seal, last_event = watermark()["seal"], last_event_id()
        is_reminded = needs_declaration()
        db.session.rollback()
    if warning := current_app.extensions.get(MISSING_WAL):
        click.echo(warning, err=True)
    ends = f"The last seal is {last_seal}\nThe last event of the trail is {last_event}"
    if faults:
        click.echo(ends)
        raise CommandFailed(f"{faults} faults found.", ExitCode.DIFFERENT)
    where = db.engine.url.render_as_string()
    click.echo(f"The book agrees with its ledger: {count} claims, {entries} entries, {where}")
    click.echo(ends)
    if is_reminded:
        click.echo(NOT_LIVE, err=True)


def _seals_of_options(seal: str | None, manifest: Path | None) -> list[SealName]:
    """Return the seals to look for; raises CommandFailed for another text."""
    try:
        seals = [parse_seal(seal)] if seal else []
        return [*seals, seal_of_manifest(manifest)] if manifest else seals
    except ClaimBookError as error:
        raise CommandFailed(str(error), ExitCode.USAGE) from error
