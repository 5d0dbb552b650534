"""flask exports book: write the whole book to an archive."""

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext

from flaskr.archive.services import WrittenArchive, write_archive
from flaskr.audit.services import command_actor
from flaskr.book.services import require_book
from flaskr.commands import BookCommand, OutputFile, WrongOption, unwritable
from flaskr.database.modes import transaction_mode


@click.command("book", cls=BookCommand)
@click.argument("path", metavar="FILE", type=OutputFile())
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@with_appcontext
def export_book(path: Path, overwrite: bool) -> None:
    """Write the whole book to FILE; "flask import FILE" loads it into an empty book."""
    if not path.parent.is_dir():
        raise WrongOption(f"There is no folder {path.parent}.")
    if path.exists() and not overwrite:
        raise WrongOption(f"{path} already exists. Use --overwrite to replace it.")
    require_book()
    with transaction_mode("read"):
        try:
            written = _write_with_progress_bar(path)
        except OSError as error:
            raise unwritable(path, error) from error
    click.echo(f"{path}: {written.size} bytes")
    for name, rows in written.rows.items():
        click.echo(f"{name:<19}{rows}")
    click.echo(f"{'sha256':<19}{written.sha256}")
    click.echo(f"{'last seal':<19}{written.seal}")


def _write_with_progress_bar(path: Path) -> WrittenArchive:
    """Write the archive; show the progress on standard error if that is a terminal."""
    is_hidden = not sys.stderr.isatty()
    with click.progressbar(length=0, label="Writing", file=sys.stderr, hidden=is_hidden) as bar:

        def show(progress: tuple[int, int]) -> None:
            done, bar.length = progress
            bar.update(done - bar.pos)

        return write_archive(path, actor=command_actor(), on_progress=show)
