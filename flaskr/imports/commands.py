"""flask import: load files into the book, completely or not at all."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from flask import current_app
from flask.cli import with_appcontext

from flaskr.archive.services import import_archive, is_archive
from flaskr.audit.services import command_actor
from flaskr.book.periods import NOT_LIVE, needs_declaration
from flaskr.book.services import require_book
from flaskr.commands import (
    BookCommand,
    CommandFailed,
    InputFile,
    WrongOption,
    explain_unavailable,
)
from flaskr.database.modes import transaction_mode
from flaskr.errors import ClaimBookError
from flaskr.exit_codes import ExitCode
from flaskr.extensions import db
from flaskr.imports.command_line.options import import_options, reading_options
from flaskr.imports.command_line.outputs import progress_bar, save_refused
from flaskr.imports.command_line.summaries import Printer, unmapped_columns
from flaskr.imports.dry_run.result import DryRun
from flaskr.imports.jobs import Job, Progress
from flaskr.imports.loading.services import NothingToLoad, check_confirmable, load_import
from flaskr.imports.repeats.services import LoadedBefore, repeat_of
from flaskr.imports.services import register_files, try_import
from flaskr.imports.tasks import ImportRefused

_OF_ARCHIVES = ("files", "expect", "as_json", "quiet")


@click.command("import", cls=BookCommand)
@click.argument("files", nargs=-1, required=True, type=InputFile())
@import_options
@with_appcontext
def import_file(
    files: tuple[Path, ...], as_json: bool, quiet: bool, migration: bool, **options: Any
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

    The exit code is 0 when it is done or there is nothing to do, 3 when it is refused, and 4 when
    it may succeed later.
    """
    if as_json and quiet:
        raise click.UsageError("Choose --json or --quiet.")
    printer = Printer(is_json=as_json, is_quiet=quiet)
    try:
        with explain_unavailable():
            message = _import_into_book(files, migration, options, printer)
    except ClaimBookError as error:
        printer.end(str(error), error.exit_code)
        of_migration = ": no row of the migration is in the book" if migration else ""
        sentence = f"Nothing was imported{of_migration}.\n{error}"
        raise CommandFailed(sentence, error.exit_code) from error
    printer.end(message, ExitCode.DONE)


def _import_into_book(
    files: tuple[Path, ...], is_migration: bool, options: dict[str, Any], printer: Printer
) -> str:
    """Load an archive or files; return what was done in a sentence."""
    require_book()
    expected_seal = options.pop("expect")
    if len(files) == 1 and is_archive(files[0]):
        _check_options_of_archive()
        message = _load_book(files[0], expected_seal)
        printer.say(message)
        return message
    if expected_seal:
        raise WrongOption("--expect is only for an archive of a book.")
    return _load_files(files, is_migration, options, printer)


def _check_options_of_archive() -> None:
    """Raise WrongOption for an option that the loading of an archive would ignore."""
    context = click.get_current_context()
    for parameter in context.command.params:
        is_given = context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
        if is_given and parameter.name not in _OF_ARCHIVES:
            raise WrongOption(f"{parameter.opts[0]} is not for an archive of a book.")


def _load_book(path: Path, expected_seal: str | None) -> str:
    """Load the archive of a book into this empty one; return the message."""
    with progress_bar("Loading") as on_progress:
        loaded = import_archive(
            path,
            actor=command_actor(),
            expected_seal=expected_seal,
            on_progress=lambda done: on_progress(Progress("book", done[0], *done)),
        )
    currency = current_app.config["BOOK_CURRENCY"]
    cost = loaded.totals["paid"] + loaded.totals["outstanding"]
    return (
        f"{path.name}: {loaded.policies} policies, {loaded.claims} claims and {loaded.entries} "
        f"ledger entries loaded. Claim cost {cost} {currency}."
    )


def _load_files(
    files: tuple[Path, ...], is_migration: bool, options: dict[str, Any], printer: Printer
) -> str:
    """Make a dry run, print its summary, and load the files if that changes anything."""
    job = register_files(
        files,
        actor=command_actor(),
        is_migration=is_migration,
        **reading_options(options),
    )
    leaves_refused = options["leave_out_claims" if is_migration else "good_rows"]
    choices = {"leaves_refused": leaves_refused, "loads_again": options["again"]}
    try:
        outcome = _dry_run(job, printer)
        for target in save_refused(job, outcome, options["refused"]):
            printer.say(f"The refused rows are in {target}.")
        _check_rows(outcome, options, leaves_refused=leaves_refused)
        try:
            check_confirmable(job, outcome, **choices)
            if options["dry_run"]:
                return "This was a dry run, and nothing was loaded."
            job.update_request(is_confirmed=True, **choices)
            printer.import_id = _load(job)
        except NothingToLoad as error:
            return str(error)
        except LoadedBefore as error:
            return printer.note(f"{error.sentence}; --again loads it.")
        message = f"Loaded as import {printer.import_id}."
        printer.say(message)
        _remind_of_declaration(printer)
        return message
    finally:
        job.remove()


def _check_rows(outcome: DryRun, options: dict[str, Any], *, leaves_refused: bool) -> None:
    """Raise ImportRefused for files with fewer rows than expected, or with no good row."""
    rows = sum(result.rows for result in outcome.files)
    empty = [result.name for result in outcome.files if not result.rows]
    if empty and not options["allow_empty"]:
        raise ImportRefused(f"{', '.join(empty)} has no row. --allow-empty takes such a file.")
    if rows < options["at_least"]:
        raise ImportRefused(f"Rows read: {rows}; --at-least {options['at_least']} is set.")
    good = outcome.changes + outcome.count("unchanged")
    if outcome.refusal_count and leaves_refused and not good:
        raise ImportRefused("None of the rows is good, so there is nothing to load.")


def _remind_of_declaration(printer: Printer) -> None:
    """Say that the book is not declared live, if it is not."""
    with transaction_mode("read"):
        if needs_declaration() and not printer.is_quiet:
            click.echo(NOT_LIVE, err=True)
        db.session.rollback()


def _dry_run(job: Job, printer: Printer) -> DryRun:
    """Make the dry run and print it; raises ImportRefused when columns are not mapped."""
    with progress_bar("Reading") as on_progress:
        outcome = try_import(job, on_progress)
    if not outcome.is_mapped:
        printer.keep(outcome)
        raise ImportRefused("\n".join(unmapped_columns(job)))
    printer.show(outcome, repeat_of(job, outcome).warnings)
    return outcome


def _load(job: Job) -> int:
    """Load the import with a progress bar; return its number."""
    with progress_bar("Writing") as on_progress:
        return load_import(job, on_progress).import_id
