"""flask exports verify: is a file still what its manifest says?"""

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from flaskr.exports.manifest import MANIFEST_ENDING
from flaskr.exports.verify.manifests import Known, known_from_text
from flaskr.exports.verify.services import Verdict, verdict_on
from flaskr.isolation import Limits


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--manifest",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=(
        "The default is FILE.manifest.json, else that of the kept export with this content or name."
    ),
)
@with_appcontext
def verify(file: Path, manifest: Path | None) -> None:
    """Total a file again and compare it with its manifest.

    The exit code is 0 only when everything is equal; otherwise each difference is printed.
    """
    config = current_app.config
    limits = Limits(config["EXPORT_SECONDS"], config["EXPORT_MEMORY_BYTES"])
    verdict = verdict_on(file.resolve(), file.name, _manifest_of(file, manifest), limits)
    click.echo("\n".join([*_found(file, verdict), *_differences(verdict)]))
    if verdict.known is None:
        raise click.ClickException(
            "There is no known manifest of this file; give it with --manifest."
        )
    if not verdict.is_equal:
        raise click.ClickException("The file differs from its manifest.")
    click.echo("Everything is equal.")


def _manifest_of(file: Path, manifest: Path | None) -> Known | None:
    """Return what the manifest says that is named, or that lies beside the file."""
    beside = file.with_name(file.name + MANIFEST_ENDING)
    path = manifest or (beside if beside.exists() else None)
    return known_from_text(path.read_bytes(), f"the manifest {path}") if path else None


def _found(file: Path, verdict: Verdict) -> list[str]:
    """Return the lines that say what a file is."""
    said = [f"{file}: {verdict.size} bytes", f"sha256       {verdict.sha256}"]
    if verdict.facts is None:
        return [*said, verdict.problem]
    totals = [f"{name:<13}{amount}" for name, amount in verdict.facts.totals.items()]
    return [*said, f"rows         {verdict.facts.rows}", *totals]


def _differences(verdict: Verdict) -> list[str]:
    """Return the lines that say what differs, and from what."""
    if verdict.known is None:
        return []
    lines = [
        f"{each.what}: manifest {each.manifest}, file {each.file}" for each in verdict.differences
    ]
    return [f"Compared with {verdict.known.source}.", *lines]
