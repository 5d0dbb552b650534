"""flask import: load files into the book, completely or not at all."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from flaskr.archive.manifest import ArchiveError
from flaskr.archive.services import import_archive, is_archive
from flaskr.audit.services import command_actor
from flaskr.book.periods import NOT_LIVE, needs_declaration
from flaskr.book.services import require_book
from flaskr.commands import BookCommand, CommandFailed, InputFile, OutputFile, WrongOption
from flaskr.database.modes import transaction_mode
from flaskr.errors import ClaimBookError
from flaskr.exit_codes import ExitCode
from flaskr.extensions import db
from flaskr.files.readers.options import Encoding
from flaskr.import_records.queries import loadings_of
from flaskr.imports.dry_run.result import DryRun, FileResult, RowClass
from flaskr.imports.jobs import Job, Progress
from flaskr.imports.loading.services import load_import
from flaskr.imports.services import OnProgress, register_files, try_import
from flaskr.imports.tasks import refused_path

_SHOWN_REFUSALS = 20
_AMOUNT_NAMES = {"claim_cost": "claim cost", "premium": "premium"}


@click.command("import", cls=BookCommand)
@click.argument("files", nargs=-1, required=True, type=InputFile())
@click.option(
    "--migration",
    is_flag=True,
    help="The files come from an older system, with their times of recording.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, without doing it.")
@click.option("--good-rows", is_flag=True, help="Load the good rows and skip the refused ones.")
@click.option(
    "--leave-out-claims",
    is_flag=True,
    help="With --migration: leave out each claim that has a refused row, whole.",
)
@click.option(
    "--refused",
    type=OutputFile(),
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
    "--expect", metavar="ID:DIGEST", help="Load an archive only if it ends with this seal."
)
@click.option(
    "--raw", is_flag=True, help="The file was exported with raw=1: keep each leading apostrophe."
)
@with_appcontext
def import_file(
    files: tuple[Path, ...], migration: bool, expect: str | None, **options: Any
) -> None:
    """Load FILES into the book: everything in them, or nothing.

    A file of claims or of policies may be CSV, XLSX, Parquet, Arrow or JSON lines; its columns are
    recognised by their names in English or Swedish. What the book already has is left unchanged; a
    changed cost posts the difference. One refused row refuses the whole file, unless --good-rows
    is given.

    With --migration the files are those of an older system, up to three in any order: policies,
    claims and ledger. Entries that break a rule of how people work are taken as they were, and
    listed; a claim whose ledger does not add up is refused. An archive made by "flask exports book"
    is loaded into an empty book.
    """
    try:
        require_book()
        if len(files) == 1 and is_archive(files[0]):
            click.echo(_load_book(files[0], expect))
            return
        if expect:
            raise ArchiveError("--expect is only for an archive of a book.")
        _load_files(files, migration, options)
    except ClaimBookError as error:
        raise CommandFailed(f"Nothing was imported.\n{error}", error.exit_code) from error


def _load_book(path: Path, expected_seal: str | None) -> str:
    """Load the archive of a book into this empty one; return the message."""
    with _progress_bar("Loading") as on_progress:
        loaded = import_archive(
            path,
            actor=command_actor(),
            expected_seal=expected_seal,
            on_progress=lambda done: on_progress(Progress("book", 0, *done)),
        )
    currency = current_app.config["BOOK_CURRENCY"]
    cost = loaded.totals["paid"] + loaded.totals["outstanding"]
    return (
        f"{path.name}: {loaded.policies} policies, {loaded.claims} claims and {loaded.entries} "
        f"ledger entries loaded. Claim cost {cost} {currency}."
    )


def _load_files(files: tuple[Path, ...], is_migration: bool, options: dict[str, Any]) -> None:
    """Make a dry run, print its summary, and load the files if that changes anything."""
    job = register_files(
        files,
        actor=command_actor(),
        is_migration=is_migration,
        sheet=options["sheet"],
        encoding=options["encoding"],
        is_raw=options["raw"],
        columns=_pairs(options["columns"]),
        constants=_pairs(options["constants"]),
    )
    try:
        outcome = _dry_run(job)
        click.echo("\n".join(_summary(outcome)))
        _write_refused(job, outcome, options["refused"])
        if options["dry_run"] and outcome.refusal_count:
            raise CommandFailed("Some rows are refused.", ExitCode.REFUSED)
        if options["dry_run"] or not outcome.changes and not outcome.refusal_count:
            return
        choice = "leave_out_claims" if is_migration else "good_rows"
        job.update_request(is_confirmed=True, leaves_refused=options[choice])
        loaded = _load(job)
        click.echo(f"Loaded as import {loaded}.")
        _remind_of_declaration()
    finally:
        job.remove()


def _remind_of_declaration() -> None:
    """Say that the book is not declared live, if it is not."""
    with transaction_mode("read"):
        if needs_declaration():
            click.echo(NOT_LIVE, err=True)
        db.session.rollback()


def _pairs(arguments: tuple[str, ...]) -> dict[str, str]:
    """Return what is before and after the first “=” of each argument."""
    pairs = {}
    for each in arguments:
        name, separator, value = each.partition("=")
        if not separator:
            raise WrongOption(f"{each}: write it as NAME=VALUE.")
        pairs[name] = value
    return pairs


def _dry_run(job: Job) -> DryRun:
    """Make the dry run with a progress bar; raises ClaimBookError when a column is missing."""
    with _progress_bar("Reading") as on_progress:
        outcome = try_import(job, on_progress)
    missing = [name for result in outcome.files for name in result.missing]
    if missing:
        unknown = [use.title for result in outcome.files for use in result.columns if not use.name]
        hint = f" Not recognised: {', '.join(unknown)}. Assign them with --column." * bool(unknown)
        raise ClaimBookError(f"The file has no column for {', '.join(missing)}.{hint}")
    return outcome


def _load(job: Job) -> int:
    """Load the import with a progress bar; return its number."""
    with _progress_bar("Writing") as on_progress:
        return load_import(job, on_progress).import_id


@contextmanager
def _progress_bar(label: str) -> Iterator[OnProgress]:
    """Give a callback that moves a progress bar on standard error; hidden without a terminal."""
    is_hidden = not sys.stderr.isatty()
    with click.progressbar(length=0, label=label, file=sys.stderr, hidden=is_hidden) as bar:

        def on_progress(progress: Progress) -> None:
            bar.length = progress.whole
            bar.update(progress.done - bar.pos)

        yield on_progress


def _summary(outcome: DryRun) -> list[str]:
    """Return lines on what would become of each file's rows, with warnings and refusals."""
    lines = [line for result in outcome.files for line in _file_summary(result)]
    lines += list(outcome.warnings)
    lines += [str(refusal) for refusal in outcome.refusals[:_SHOWN_REFUSALS]]
    more = outcome.refusal_count - _SHOWN_REFUSALS
    return [*lines, f"… and {more} more."] if more > 0 else lines


def _file_summary(result: FileResult) -> list[str]:
    """Return lines on what would become of one file."""
    lines = [f"{result.name}: {', '.join(map(_class_summary, result.classes))}."]
    left = [f"{use.title} ({use.note})" for use in result.columns if not use.is_loaded]
    if left:
        lines.append(f"{result.name}: columns left out: {', '.join(left)}.")
    for loading in loadings_of(result.sha256):
        when = loading.recorded_at.isoformat(timespec="seconds")
        lines.append(f"{result.name} was already loaded on {when} by {loading.recorded_by}.")
    return lines


def _class_summary(rows: RowClass) -> str:
    """Return how many rows are in a class, with their amounts."""
    currency = current_app.config["BOOK_CURRENCY"]
    amounts = [
        f"{_AMOUNT_NAMES[name]} {amount} {currency}"
        for name, amount in rows.amounts.items()
        if name in _AMOUNT_NAMES and rows.rows
    ]
    return f"{rows.rows} {rows.name}" + (f" ({', '.join(amounts)})" if amounts else "")


def _write_refused(job: Job, outcome: DryRun, path: Path | None) -> None:
    """Write the refused rows to the file given; to one for each when several files have some."""
    if path is None or not outcome.refusal_count:
        return
    sources = {
        result.contents: refused_path(job.folder, at) for at, result in enumerate(outcome.files)
    }
    sources = {contents: source for contents, source in sources.items() if source.exists()}
    for contents, source in sources.items():
        is_one = len(sources) == 1
        target = path if is_one else path.with_name(f"{path.stem}-{contents}{path.suffix}")
        target.write_bytes(source.read_bytes())
        click.echo(f"The refused rows are in {target}.")
