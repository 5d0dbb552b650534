"""What `flask import` writes beside its report: the progress, and the refused rows."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from flaskr.commands import unwritable
from flaskr.imports.dry_run.result import DryRun
from flaskr.imports.jobs import Job, Progress
from flaskr.imports.services import OnProgress
from flaskr.imports.tasks import refused_path
from flaskr.private_files import owner_only


@contextmanager
def progress_bar(label: str) -> Iterator[OnProgress]:
    """Give a callback that moves a progress bar on standard error; hidden without a terminal."""
    is_hidden = not sys.stderr.isatty()
    with click.progressbar(length=0, label=label, file=sys.stderr, hidden=is_hidden) as bar:

        def on_progress(progress: Progress) -> None:
            bar.label = f"{label}: {progress.rows:,} rows" if progress.rows else label
            bar.length = progress.whole
            bar.update(progress.done - bar.pos)

        yield on_progress


def save_refused(job: Job, outcome: DryRun, path: Path | None) -> list[Path]:
    """Write the refused rows to the path, or to one for each file when several have some.

    Returns the paths; raises WrongOption for one that cannot be written.
    """
    if path is None or not outcome.refusal_count:
        return []
    sources = {
        result.contents: refused_path(job.folder, at) for at, result in enumerate(outcome.files)
    }
    sources = {contents: source for contents, source in sources.items() if source.exists()}
    targets = []
    for contents, source in sources.items():
        is_one = len(sources) == 1
        target = path if is_one else path.with_name(f"{path.stem}-{contents}{path.suffix}")
        try:
            with open(target, "wb", opener=owner_only) as file:  # the rows may have names
                file.write(source.read_bytes())
        except OSError as error:
            raise unwritable(target, error) from error
        targets.append(target)
    return targets
