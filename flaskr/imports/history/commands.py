"""flask imports: list the imports, and undo one."""

import click

from flaskr.audit.services import command_actor
from flaskr.book.services import require_book
from flaskr.commands import BookGroup, CommandFailed
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.facts.closed_lists import REASON_CHOICES, ReasonCode
from flaskr.import_records.queries import imports_with_files
from flaskr.imports.undo.queries import declined_by
from flaskr.imports.undo.services import undo_import


@click.group(cls=BookGroup)
def imports() -> None:
    """List imports, and undo one."""


@imports.command("list")
def list_imports() -> None:
    """List the imports, newest first."""
    require_book()
    for record in imports_with_files():
        files = (
            ", ".join(file.file_name or "name erased" for file in record.files)
            or f"undo of {record.undoes}"
        )
        when = record.recorded_at.isoformat(timespec="seconds")
        click.echo(
            f"{record.id}  {when}  {record.recorded_by}  {files}: {record.created} created, "
            f"{record.changed} changed, {record.unchanged} unchanged, {record.refused} left out; "
            f"claim cost {record.claim_cost}"
        )


@imports.command("undo")
@click.argument("number", type=int)
@click.option(
    "--reason",
    required=True,
    type=click.Choice([reason.value for reason in REASON_CHOICES]),
    help="Why the import is undone.",
)
def undo_command(number: int, reason: str) -> None:
    """Undo import NUMBER with adjusting entries; what it created and is empty then is declined."""
    try:
        require_book()
        record = undo_import(number, reason_code=ReasonCode(reason), actor=command_actor())
    except ClaimBookError as error:
        raise CommandFailed(f"Nothing was undone.\n{error}", error.exit_code) from error
    db.session.commit()
    declined = declined_by(record)
    click.echo(
        f"Undone as import {record.id}: {record.entries - declined} adjusting entries, "
        f"{declined} claims declined."
    )
