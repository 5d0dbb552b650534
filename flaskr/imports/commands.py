"""flask import: load files into the book, all or none."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from flaskr.archive.services import import_archive, is_archive
from flaskr.book.services import require_book
from flaskr.errors import ClaimBookError
from flaskr.files.readers.options import Encoding
from flaskr.import_records.queries import loadings_of
from flaskr.imports.dry_run_result import DryRun, FileFound, RowClass
from flaskr.imports.jobs import Job, Progress
from flaskr.imports.loading.services import load_import
from flaskr.imports.services import Told, take, try_import
from flaskr.imports.tasks import refused_path

ACTOR = "command"
_SHOWN_REFUSALS = 20
_AMOUNT_NAMES = {"claim_cost": "claim cost", "premium": "premium"}
Pairs = tuple[str, ...]


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--migration",
    is_flag=True,
    help="The files come from an older system, with their times of recording.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, without doing it.")
@click.option("--good-rows", is_flag=True, help="Load the good rows and skip the refused ones.")
@click.option(
    "--refused",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the refused rows with their reasons to this file.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="TITLE=NAME",
    help="Load the column TITLE as NAME; TITLE= leaves it out.",
)
@click.option(
    "--constant",
    "constants",
    multiple=True,
    metavar="NAME=VALUE",
    help="One value for all rows, for a column that the file does not have.",
)
@click.option("--sheet", default="", help="The sheet to read of a workbook.")
@click.option(
    "--encoding",
    type=click.Choice([*Encoding]),
    default=Encoding.UTF_8,
    help="The encoding of a text file; UTF-16 is detected automatically.",
)
@click.option(
    "--raw", is_flag=True, help="The file was exported with raw=1: keep each leading apostrophe."
)
@with_appcontext
def import_file(files: tuple[Path, ...], migration: bool, **how: Any) -> None:
    """Load FILES into the book: everything in them, or nothing.

    A file of claims or of policies may be CSV, XLSX, Parquet, Arrow or JSON lines; its columns are
    recognised by their names in English or Swedish. What the book already has is left unchanged; a
    changed cost posts the difference. One refused row refuses the whole file, unless --good-rows
    is given.

    With --migration the files are those of an older system, up to three in any order: policies,
    claims and ledger. An archive made by "flask exports book" is loaded into an empty book.
    """
    try:
        require_book()
        if len(files) == 1 and is_archive(files[0]):
            click.echo(_load_book(files[0]))
            return
        _load_files(files, migration, how)
    except ClaimBookError as error:
        raise click.ClickException(f"Nothing was imported.\n{error}") from error


def _load_book(path: Path) -> str:
    """Load the archive of a whole book into this one, which is empty; return what to say of it."""
    with _bar_of("Loading") as tell:
        loaded = import_archive(
            path, actor=ACTOR, on_progress=lambda done: tell(Progress("book", 0, *done))
        )
    currency = current_app.config["BOOK_CURRENCY"]
    cost = loaded.totals["paid"] + loaded.totals["outstanding"]
    return (
        f"{path.name}: {loaded.policies} policies, {loaded.claims} claims and {loaded.entries} "
        f"ledger entries loaded. Claim cost {cost} {currency}."
    )


def _load_files(files: tuple[Path, ...], is_migration: bool, how: dict[str, Any]) -> None:
    """Try files, say what would become of them, and load them unless that is nothing."""
    job = take(
        files,
        actor=ACTOR,
        is_migration=is_migration,
        sheet=how["sheet"],
        encoding=how["encoding"],
        is_raw=how["raw"],
        columns=_pairs(how["columns"]),
        constants=_pairs(how["constants"]),
    )
    try:
        outcome = _tried(job)
        click.echo("\n".join(_told(outcome)))
        _write_refused(job, outcome, how["refused"])
        if how["dry_run"] or not outcome.changes and not outcome.refusal_count:
            return
        job.ask(is_confirmed=True, leaves_refused=how["good_rows"])
        loaded = _loaded_with_bar(job)
        click.echo(f"Loaded as import {loaded}.")
    finally:
        job.remove()


def _pairs(said: Pairs) -> dict[str, str]:
    """Return what stands before and after the first “=” of each."""
    found = {}
    for each in said:
        name, is_there, value = each.partition("=")
        if not is_there:
            raise ClaimBookError(f"{each}: write it as NAME=VALUE.")
        found[name] = value
    return found


def _tried(job: Job) -> DryRun:
    """Make the dry run, with a bar for a person who waits."""
    with _bar_of("Reading") as tell:
        outcome = try_import(job, tell)
    missing = [name for found in outcome.files for name in found.missing]
    if missing:
        unknown = [use.title for found in outcome.files for use in found.columns if not use.name]
        said = f" Not recognised: {', '.join(unknown)}. Assign them with --column." * bool(unknown)
        raise ClaimBookError(f"The file has no column for {', '.join(missing)}.{said}")
    return outcome


def _loaded_with_bar(job: Job) -> int:
    """Load what was shown, with a bar for a person who waits; return the import's number."""
    with _bar_of("Writing") as tell:
        return load_import(job, tell).import_id


@contextmanager
def _bar_of(label: str) -> Iterator[Told]:
    """Give what moves a progress bar on standard error, when a person is there to see it."""
    is_hidden = not sys.stderr.isatty()
    with click.progressbar(length=0, label=label, file=sys.stderr, hidden=is_hidden) as bar:

        def tell(progress: Progress) -> None:
            bar.length = progress.whole
            bar.update(progress.done - bar.pos)

        yield tell


def _told(outcome: DryRun) -> list[str]:
    """Say what would become of the rows of each file, and what to look at."""
    said = [line for found in outcome.files for line in _told_file(found)]
    said += list(outcome.warnings)
    said += [str(refusal) for refusal in outcome.refusals[:_SHOWN_REFUSALS]]
    more = outcome.refusal_count - _SHOWN_REFUSALS
    return [*said, f"… and {more} more."] if more > 0 else said


def _told_file(found: FileFound) -> list[str]:
    """Say what would become of one file."""
    said = [f"{found.name}: {', '.join(map(_told_class, found.classes))}."]
    left = [f"{use.title} ({use.note})" for use in found.columns if not use.is_loaded]
    if left:
        said.append(f"{found.name}: columns left out: {', '.join(left)}.")
    for loading in loadings_of(found.sha256):
        when = loading.recorded_at.isoformat(timespec="seconds")
        said.append(f"{found.name} was already loaded on {when} by {loading.recorded_by}.")
    return said


def _told_class(rows: RowClass) -> str:
    """Say how many rows are of one class, and what they amount to."""
    currency = current_app.config["BOOK_CURRENCY"]
    amounts = [
        f"{_AMOUNT_NAMES[name]} {amount} {currency}"
        for name, amount in rows.amounts.items()
        if name in _AMOUNT_NAMES and rows.rows
    ]
    return f"{rows.rows} {rows.name}" + (f" ({', '.join(amounts)})" if amounts else "")


def _write_refused(job: Job, outcome: DryRun, path: Path | None) -> None:
    """Write the refused rows to the file that is asked for."""
    if path is None or not outcome.refusal_count:
        return
    parts = {found.contents: refused_path(job.folder, at) for at, found in enumerate(outcome.files)}
    there = {contents: part for contents, part in parts.items() if part.exists()}
    for contents, part in there.items():
        own = path.with_name(f"{path.stem}-{contents}{path.suffix}") if len(there) > 1 else path
        own.write_bytes(part.read_bytes())
        click.echo(f"The refused rows are in {own}.")
