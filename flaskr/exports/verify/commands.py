"""flask exports verify: compare a file with its manifest and with the trail."""

from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from flaskr.commands import BookCommand, CommandFailed, InputFile
from flaskr.exit_codes import ExitCode
from flaskr.exports.manifest import MANIFEST_ENDING
from flaskr.exports.verify.manifests import KnownFile, known_from_manifest
from flaskr.exports.verify.services import Verdict, verify_file
from flaskr.processes.isolation import Limits
from flaskr.web.template_filters import format_instant, format_number, label_of


@click.command("verify", cls=BookCommand)
@click.argument("file", type=InputFile())
@click.option(
    "--manifest",
    type=InputFile(),
    help=(
        "The default is FILE.manifest.json, else that of the kept export with this content or name."
    ),
)
@with_appcontext
def verify_command(file: Path, manifest: Path | None) -> None:
    """Total a file again, compare it with its manifest, and look for it in the trail.

    The exit code is 0 only when everything is equal and this book made the file; otherwise what
    differs is printed, and it is 5, or 3 without a manifest.
    """
    config = current_app.config
    limits = Limits(config["EXPORT_SECONDS"], config["EXPORT_MEMORY_BYTES"])
    verdict = verify_file(file.resolve(), file.name, _manifest_of(file, manifest), limits)
    lines = [*_file_lines(file, verdict), *_difference_lines(verdict), *_trail_lines(verdict)]
    click.echo("\n".join(lines))
    if verdict.known is None:
        raise CommandFailed(
            "There is no known manifest of this file; give it with --manifest.", ExitCode.REFUSED
        )
    if not verdict.is_as_described:
        raise CommandFailed("The file differs from its manifest.", ExitCode.DIFFERENT)
    if not verdict.is_equal:
        raise CommandFailed(
            "The file agrees with its manifest, but not with the trail.", ExitCode.DIFFERENT
        )
    click.echo("Everything is equal.")


def _manifest_of(file: Path, manifest: Path | None) -> KnownFile | None:
    """Return what is known from the given manifest, or from the one beside the file."""
    beside = file.with_name(file.name + MANIFEST_ENDING)
    path = manifest or (beside if beside.exists() else None)
    return known_from_manifest(path.read_bytes(), f"the manifest {path}") if path else None


def _file_lines(file: Path, verdict: Verdict) -> list[str]:
    """Return the lines that describe a file."""
    lines = [f"{file}: {verdict.size} bytes", f"sha256       {verdict.sha256}"]
    if verdict.facts is None:
        return [*lines, verdict.problem]
    totals = [f"{name:<13}{amount}" for name, amount in verdict.facts.totals.items()]
    return [*lines, f"rows         {verdict.facts.rows}", *totals]


def _difference_lines(verdict: Verdict) -> list[str]:
    """Return the lines that describe the differences from the manifest."""
    if verdict.known is None:
        return []
    lines = [
        f"{each.what}: manifest {each.manifest}, file {each.file}" for each in verdict.differences
    ]
    return [f"Compared with {verdict.known.source}.", *lines]


def _trail_lines(verdict: Verdict) -> list[str]:
    """Return the lines about the file's events in the trail."""
    trail = verdict.trail
    lines = [trail.finding, *map(_event_line, trail.shown.first_and_last)]
    if trail.shown.more:
        lines.insert(-1, f"{format_number(trail.shown.more)} more")
    if other := trail.kept_otherwise:
        lines += [
            f"A file with the SHA-256 {other.sha256} was kept as “{other.name}”:",
            _event_line(other.event),
        ]
    return lines


def _event_line(event: Any) -> str:
    """Return one event as a line: its number, when, what, by whom."""
    when, what = format_instant(event.recorded_at), label_of(event.action)
    return f"event {event.event_id}: {when}, {what} by {event.actor}, {event.subject}"
