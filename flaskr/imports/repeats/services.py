"""The rule for files that were loaded before: they change nothing unless somebody says so."""

from dataclasses import dataclass

from flaskr.database.modes import transaction_mode
from flaskr.extensions import db
from flaskr.import_records.models import Import
from flaskr.import_records.queries import loadings_of
from flaskr.imports.dry_run.result import DryRun, FileResult
from flaskr.imports.jobs import Job
from flaskr.imports.repeats.queries import later_changes, loaded_before
from flaskr.imports.tasks import ImportRefused
from flaskr.values.calendar import local_day


class LoadedBefore(ImportRefused):
    """Files that were loaded before, and would turn back what has changed since."""

    status = 409

    def __init__(self, sentence: str) -> None:
        """Keep the sentence, which a command ends in another way than a page."""
        super().__init__(f"{sentence}. Tick “Load it again” if you mean it.")
        self.sentence = sentence


@dataclass(frozen=True)
class Repeat:
    """What is known of the earlier loadings of a dry run; `sentence` is empty for new files."""

    sentence: str
    warnings: tuple[str, ...]


def repeat_of(job: Job, outcome: DryRun) -> Repeat:
    """Return whether files were loaded before, and which newer facts they would turn back."""
    record = loaded_before(job, outcome) if outcome.changes else None
    warnings = tuple(filter(None, (_warning(result, record) for result in outcome.files)))
    return Repeat(_sentence(outcome, record) if record else "", warnings)


def check_not_loaded(job: Job, outcome: DryRun) -> None:
    """Raise LoadedBefore if the files were loaded before; leaves no transaction open."""
    db.session.remove()
    with transaction_mode("read"):
        try:
            record = loaded_before(job, outcome)
            sentence = _sentence(outcome, record) if record else ""
        finally:
            db.session.remove()
    if sentence:
        raise LoadedBefore(sentence)


def _sentence(outcome: DryRun, record: Import) -> str:
    """Return as what the files were loaded, and how many rows they would change now."""
    names = ", ".join(result.name for result in outcome.files)
    were = "was" if len(outcome.files) == 1 else "were"
    rows = _counted(outcome.changes)
    day = local_day(record.recorded_at)
    return f"{names} {were} loaded as import {record.id} on {day}; it would change {rows}"


def _warning(result: FileResult, same: Import | None) -> str:
    """Return which rows of a file have changed since it was loaded; empty if none has.

    Read in the same way as then, it changes exactly those; else only the first ones are known.
    """
    record = same or next(iter(loadings_of(result.sha256)), None)
    changes = later_changes(result, record) if record else []
    if not record or not changes:
        return ""
    number = result.rows_of("changed").rows
    which = _counted(number) if same else "rows"
    it_was = "it was" if same and number == 1 else "they were"
    more = f" and {number - len(changes)} more" if same and number > len(changes) else ""
    named = ", ".join(map(str, changes))
    return (
        f"{result.name} would turn {which} back to what {it_was} in import {record.id}. "
        f"Changed since: {named}{more}."
    )


def _counted(rows: int) -> str:
    """Return a number of rows with its noun."""
    return f"{rows} row" if rows == 1 else f"{rows} rows"
