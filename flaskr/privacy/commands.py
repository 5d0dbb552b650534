"""The commands `flask people`: show all that the book has about a person, and erase it."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import click
from flask import current_app

from flaskr.audit.services import command_actor
from flaskr.book.services import require_book
from flaskr.commands import BookGroup, OutputFile, unwritable
from flaskr.database.modes import transaction_mode
from flaskr.extensions import db
from flaskr.privacy.presenters import copies_lines, counted_records, deleted_files, erased_sentence
from flaskr.privacy.queries import PersonRecords, person_records
from flaskr.privacy.remaining_copies import OwnFiles, own_files, remaining_copies
from flaskr.privacy.residual_copies import clear_old_pages, empty_spool, overwrite_deleted
from flaskr.privacy.services import check_reason, delete_own_files, erase_person, record_shown
from flaskr.privacy.subject_access import person_file

people = BookGroup("people", help="Show and erase personal data.")


@people.command("erase")
@click.argument("numbers", metavar="NUMBER…", nargs=-1)
@click.option("--claim", "references", multiple=True, help="A claim that has no policy.")
@click.option("--name", "names", multiple=True, help="A further name of the person to look for.")
@click.option("--same-name", is_flag=True, help="Also the other policies under the same name.")
@click.option("--files", is_flag=True, help="Also delete the book's own files that may have it.")
@click.option("--reason", help="Why; recorded in the audit trail.")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased, and what remains.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def erase_by_number(
    numbers: tuple[str, ...], references: tuple[str, ...], reason: str | None, **options: object
) -> None:
    """Erase the policyholder of the policies with these NUMBERs, and the texts of their claims.

    The texts are a claim's description, and what was written with its ledger entries: reasons,
    payees, invoice numbers and notes. Names of imported files and reasons in the trail that have
    the name are erased too. Amounts and dates stay. This cannot be undone.
    """
    if not numbers and not references:
        raise click.UsageError("Give the number of a policy, or a claim with --claim.")
    require_book()
    wanted = _Wanted(numbers, references, **options)  # type: ignore[arg-type]
    with transaction_mode("read"):
        found = wanted.records()
        files = own_files(current_app.config, found.names)
        click.echo(_question(found))
        if wanted.dry_run:
            _print_copies(found, files, wanted.files)
        db.session.remove()
    if wanted.dry_run:
        return
    reason = _given_reason(reason, wanted.yes)
    check_reason(found, reason)
    if not wanted.yes:
        click.confirm("Erase this permanently?", abort=True)
    _erase(found, files if wanted.files else None, reason)


@dataclass(frozen=True)
class _Wanted:
    """What the options ask for."""

    numbers: tuple[str, ...]
    references: tuple[str, ...]
    names: tuple[str, ...]
    same_name: bool
    files: bool
    dry_run: bool
    yes: bool

    def records(self) -> PersonRecords:
        """Return the person's records."""
        return person_records(
            self.numbers, self.references, self.names, with_same_name=self.same_name
        )


@people.command("show")
@click.argument("numbers", metavar="NUMBER…", nargs=-1)
@click.option("--claim", "references", multiple=True, help="A claim that has no policy.")
@click.option("--name", "names", multiple=True, help="A further name of the person to look for.")
@click.option("--same-name", is_flag=True, help="Also the other policies under the same name.")
@click.option("--reason", required=True, help="Why; recorded in the audit trail.")
@click.option("-o", "--to", "path", type=OutputFile(), required=True, help="The file to write.")
def write_person(
    numbers: tuple[str, ...],
    references: tuple[str, ...],
    names: tuple[str, ...],
    same_name: bool,
    reason: str,
    path: Path,
) -> None:
    """Write all that the book has about the person of the policies with these NUMBERs to a file.

    It is JSON: policies, claims, ledger entries with their texts, earlier facts, imports, the
    trail's events on them, and where else their data may be.
    """
    if not numbers and not references:
        raise click.UsageError("Give the number of a policy, or a claim with --claim.")
    require_book()
    found = person_records(numbers, references, names, with_same_name=same_name)
    record_shown(found, actor=command_actor(), reason=reason)
    contents = person_file(found, actor=command_actor(), reason=reason)
    db.session.commit()
    try:
        with open(path, "x", encoding="utf-8", opener=_for_owner_only) as file:
            file.write(contents)
    except OSError as error:
        raise unwritable(path, error) from error
    click.echo(f"{path}: {_question(found)}")


def _for_owner_only(path: str, flags: int) -> int:
    """Open a new file that only its owner can read."""
    return os.open(path, flags, 0o600)


def _given_reason(reason: str | None, is_silent: bool) -> str:
    """Return the reason, and ask for it if it is not given."""
    if reason is None and is_silent:
        raise click.UsageError("Say why with --reason.")
    return click.prompt("Why", type=str) if reason is None else reason


def _erase(found: PersonRecords, files: OwnFiles | None, reason: str) -> None:
    """Erase, and print what was erased and what remains."""
    actor = command_actor()
    was_on = overwrite_deleted()
    result = erase_person(found, actor=actor, reason=reason)
    db.session.commit()
    empty_spool(current_app.config)
    click.echo(erased_sentence(result))
    if files:
        delete_own_files(found, files, actor=actor, reason=reason)
        click.echo(deleted_files(files))
    _print_copies(found, own_files(current_app.config, found.names), False)
    clear_old_pages(overwrites_always=was_on)


def _question(records: PersonRecords) -> str:
    """Return what is to be erased."""
    return f"{counted_records(records)}."


def _print_copies(records: PersonRecords, files: OwnFiles, are_deleted: bool) -> None:
    """Print what remains, without the files that are deleted too."""
    if are_deleted:
        click.echo(f"With --files: {deleted_files(files)}")
        files = replace(files, exports=(), jobs=())
    _print_lines(copies_lines(remaining_copies(records, files)))


def _print_lines(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        click.echo(line)
