"""What `flask import` says: lines for a person, or one JSON object for a job."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from shlex import quote
from typing import Any

import click
from flask import current_app

from flaskr.database.modes import transaction_mode
from flaskr.extensions import db
from flaskr.import_records.queries import loadings_of
from flaskr.imports.dry_run.result import DryRun, FileResult, RowClass
from flaskr.imports.jobs import Job
from flaskr.imports.mapping.as_read import file_mappings
from flaskr.imports.mapping.file_mapping import FileMapping, MappedColumn

_SHOWN_REFUSALS = 20
_AMOUNT_NAMES = {"claim_cost": "claim cost", "premium": "premium"}
_NO_FILES: Mapping[str, Any] = {"files": [], "warnings": [], "refusals": [], "refusal_count": 0}


class Printer:
    """Prints lines at once; with `is_quiet` at the end of a failure, with `is_json` one object."""

    def __init__(self, *, is_json: bool, is_quiet: bool) -> None:
        self.is_json, self.is_quiet = is_json, is_quiet
        self._files = _NO_FILES
        self.import_id: int | None = None
        self._held: list[str] = []

    def say(self, *lines: str) -> None:
        """Print lines, or hold them back."""
        if self.is_quiet:
            self._held += lines
        elif not self.is_json:
            click.echo("\n".join(lines))

    def note(self, line: str) -> str:
        """Print a line that is not held back, and return it."""
        if not self.is_json:
            click.echo(line, err=self.is_quiet)
        return line

    def keep(self, outcome: DryRun) -> None:
        """Keep what would become of the files, as the book is now, for the JSON object."""
        if self.is_json:
            self._files = _files_as_values(outcome)

    def show(self, outcome: DryRun, warnings: Sequence[str]) -> None:
        """Print what would become of the files, and more warnings."""
        outcome = replace(outcome, warnings=(*warnings, *outcome.warnings))
        self.keep(outcome)
        if not self.is_json:
            self.say(*_summary(outcome))

    def end(self, message: str, exit_code: int) -> None:
        """Print what is left to print, when the command ends."""
        if self.is_json:
            done = {"loaded": self.import_id is not None, "import": self.import_id}
            end = {"message": message, "exit_code": int(exit_code)}
            click.echo(json.dumps({**done, **end, **self._files}))  # in ASCII, for any terminal
        elif exit_code and self._held:
            click.echo("\n".join(self._held))


def unmapped_columns(job: Job) -> Iterator[str]:
    """Yield a sentence for each undecided column of the files, and one on what they lack."""
    with transaction_mode("read"):
        mappings = file_mappings(job)
        db.session.rollback()
    for mapping in mappings:
        for column in mapping.columns:
            if column.is_undecided:
                samples = f" ({', '.join(column.samples)})" if column.samples else ""
                yield (
                    f"{mapping.name}: the book does not know the column {column.title}{samples}. "
                    f"Say what it is with --column {quote(f'{column.title}=NAME')}, or leave it "
                    f"out with {quote(f'{column.title}=')}.{_offer(column, mapping)}"
                )
        if mapping.missing:
            yield f"{mapping.name} has no column for {', '.join(mapping.missing)}."


def _offer(column: MappedColumn, mapping: FileMapping) -> str:
    """Return what a column was in the last import of such a file; empty for none."""
    if column.offered is None:
        return ""
    was = f"It was {column.offered}" if column.offered else "It was left out"
    return f" {was} in import {mapping.remembered_from}."


def _summary(outcome: DryRun) -> list[str]:
    """Return lines on what would become of each file's rows, with warnings and refusals."""
    lines = [line for result in outcome.files for line in _file_summary(result)]
    lines += list(outcome.warnings)
    lines += [str(refusal) for refusal in outcome.refusals[:_SHOWN_REFUSALS]]
    more = outcome.group_count - _SHOWN_REFUSALS
    return [*lines, f"… and {more} more reasons."] if more > 0 else lines


def _file_summary(result: FileResult) -> list[str]:
    """Return lines on what would become of one file."""
    lines = [f"{result.name}: {', '.join(map(_class_summary, result.classes))}."]
    if left := _columns_left_out(result):
        columns = ", ".join(f"{title} ({note})" for title, note in left.items())
        lines.append(f"{result.name}: columns left out: {columns}.")
    lines += [f"{result.name}: {note}" for note in result.notes]
    for loading in loadings_of(result.sha256):
        when = loading.recorded_at.isoformat(timespec="seconds")
        lines.append(f"{result.name} was already loaded on {when} by {loading.recorded_by}.")
    return lines


def _columns_left_out(result: FileResult) -> dict[str, str]:
    """Return why each column that is left out is, by its title."""
    return {use.title: use.note for use in result.columns if not use.is_loaded}


def _class_summary(rows: RowClass) -> str:
    """Return how many rows are in a class, with their amounts."""
    currency = current_app.config["BOOK_CURRENCY"]
    amounts = [
        f"{_AMOUNT_NAMES[name]} {amount} {currency}"
        for name, amount in rows.amounts.items()
        if name in _AMOUNT_NAMES and rows.rows
    ]
    return f"{rows.rows} {rows.name}" + (f" ({', '.join(amounts)})" if amounts else "")


def _files_as_values(outcome: DryRun) -> dict[str, Any]:
    """Return the outcome of a dry run for JSON; amounts are exact texts."""
    return {
        "currency": current_app.config["BOOK_CURRENCY"],
        "entries": outcome.entries,
        "files": [_file_as_values(result) for result in outcome.files],
        "warnings": list(outcome.warnings),
        "refusals": [vars(refusal) for refusal in outcome.refusals],  # the first 200
        "refusal_count": outcome.refusal_count,
    }


def _file_as_values(result: FileResult) -> dict[str, Any]:
    """Return the outcome of one file for JSON."""
    return {
        "name": result.name,
        "sha256": result.sha256,
        "contents": str(result.contents),
        "rows": result.rows,
        **{each.name: {"rows": each.rows, **each.amounts} for each in result.classes},
        "missing_columns": list(result.missing),
        "undecided_columns": list(result.undecided),
        "notes": list(result.notes),
        "columns_left_out": _columns_left_out(result),
        "loaded_before_as": [loading.id for loading in loadings_of(result.sha256)],
    }
