"""flask exports: write the same files as the export addresses."""

import os
import secrets
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl

import click
from werkzeug.datastructures import MultiDict

from flaskr.audit.models import Action
from flaskr.audit.services import command_actor
from flaskr.book.services import require_book
from flaskr.commands import BookGroup, OutputFile, WrongOption, unwritable
from flaskr.database.modes import transaction_mode
from flaskr.exports.manifest import MANIFEST_ENDING, manifest, manifest_text
from flaskr.exports.parameters import FileRequest, file_request
from flaskr.exports.services import ExportedFile, export_file
from flaskr.exports.trail_recording import manifest_facts, record_file
from flaskr.facts.closed_lists import Contents, FileContents, RevisionContents
from flaskr.files.formats import Dialect, FileFormat
from flaskr.private_files import owner_only
from flaskr.values.as_at import Basis

Command = Callable[..., None]

exports = BookGroup("exports", help="Write the book's data to files, and verify files.")


_FILE_OPTIONS: tuple[Callable[[Command], Command], ...] = (
    click.option("--to", "path", type=OutputFile(), required=True),
    click.option(
        "--format",
        "file_format",
        type=click.Choice([each.value for each in FileFormat]),
        help="The default follows from the file name's extension.",
    ),
    click.option(
        "--dialect", type=click.Choice([each.value for each in Dialect]), help="For CSV only."
    ),
    click.option(
        "--raw",
        is_flag=True,
        help="CSV whose texts are not escaped against being read as formulas.",
    ),
    click.option("--columns", help="Column names separated by commas, in the order you want."),
    click.option(
        "--as-at", help="The state at the end of this date, as 2024-12-31; the default is now."
    ),
    click.option(
        "--basis",
        type=click.Choice([each.value for each in Basis]),
        help="What --as-at is based on.",
    ),
    click.option("--where", help="Filter and sort, as in a page's address: status=open&sort=paid"),
    click.option("--reason", help="Why you need names; required for them in a book with sign-in."),
    click.option(
        "--manifest", "with_manifest", is_flag=True, help="Also write FILE.manifest.json."
    ),
    click.option("--overwrite", is_flag=True, help="Replace an existing file."),
)


def _file_options(command: Command) -> Command:
    """Add the common options to a command that writes a file."""
    for option in reversed(_FILE_OPTIONS):
        command = option(command)
    return command


@exports.command("claims")
@_file_options
def export_claims(path: Path, **options: Any) -> None:
    """Write claims to a file."""
    _write_file(Contents.CLAIMS, path, options)


@exports.command("revisions")
@click.option("--since", help="Only what came after this next_since of an earlier file.")
@_file_options
def export_revisions(path: Path, **options: Any) -> None:
    """Write the versions of the facts of claims and policies to a file."""
    _write_file(RevisionContents.REVISIONS, path, options)


@exports.command("ledger")
@click.option(
    "--since", help="Only entries after this next_since of an earlier file, or entry number."
)
@_file_options
def export_ledger(path: Path, **options: Any) -> None:
    """Write ledger entries to a file."""
    _write_file(Contents.LEDGER, path, options)


@exports.command("policies")
@_file_options
def export_policies(path: Path, **options: Any) -> None:
    """Write policies to a file."""
    _write_file(Contents.POLICIES, path, options)


def _write_file(contents: FileContents, path: Path, options: dict[str, Any]) -> None:
    """Export a file with a progress bar; it appears at its path only when it is complete."""
    beside = path.with_name(path.name + MANIFEST_ENDING) if options["with_manifest"] else None
    if not path.parent.is_dir():
        raise WrongOption(f"There is no folder {path.parent}.")
    if not options["overwrite"] and (path.exists() or (beside and beside.exists())):
        raise WrongOption(f"{path} or its manifest already exists. Use --overwrite to replace it.")
    require_book()
    with transaction_mode("read"):
        request = file_request(contents, _parameters(path, options))
        exported = _export_with_progress_bar(request)
        with exported.file:
            described = manifest(request, exported.facts, command_actor()) if beside else None
            digest = manifest_facts(described)
            record_file(Action.FILE_EXPORTED, request, exported, command_actor(), **digest)
            # A manifest has the text that was searched for, which may be a name.
            opener = owner_only if request.is_identified else None
            copy = partial(shutil.copyfileobj, exported.file, length=1024 * 1024)
            _write_atomically(path, copy, opener)
        if beside and described:
            text = manifest_text(described)
            _write_atomically(beside, lambda target: target.write(text.encode()), opener)
    click.echo(f"{path}: {exported.facts.rows} rows, {exported.facts.size} bytes")
    for name, amount in exported.facts.totals.items():
        click.echo(f"{name:<13}{amount}")
    click.echo(f"sha256       {exported.facts.sha256}")


def _parameters(path: Path, options: dict[str, Any]) -> MultiDict[str, str]:
    """Return the options as parameters of an export address."""
    parameters = MultiDict(parse_qsl(options["where"] or "", keep_blank_values=True))
    by_name = FileFormat.of_extension(path.suffix.removeprefix("."))
    by_option = {
        "format": options["file_format"] or by_name,
        "dialect": options["dialect"],
        "raw": "1" if options["raw"] else None,
        "columns": options["columns"],
        "as_at": options["as_at"],
        "basis": options["basis"],
        "since": options.get("since"),
        "reason": options["reason"],
    }
    for name, value in by_option.items():
        if value is not None:
            parameters.add(name, str(value))
    return parameters


def _export_with_progress_bar(request: FileRequest) -> ExportedFile:
    """Return the exported file; show the progress on standard error if that is a terminal."""
    is_hidden = not sys.stderr.isatty()
    with click.progressbar(length=0, label="Writing", file=sys.stderr, hidden=is_hidden) as bar:

        def show(progress: tuple[int, int]) -> None:
            done, bar.length = progress
            bar.update(done - bar.pos)

        return export_file(request, show)


def _write_atomically(
    path: Path,
    write: Callable[[IO[bytes]], Any],
    opener: Callable[[str, int], int] | None = None,
) -> None:
    """Write a temporary file next to the path and rename it, so that no partial file appears."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(beside, "xb", opener=opener) as target:
            write(target)
            target.flush()
            os.fsync(target.fileno())
        beside.rename(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        beside.unlink(missing_ok=True)
