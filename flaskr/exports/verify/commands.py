"""flask exports verify: compare a file with its manifest."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from flaskr.exports.manifest import MANIFEST_ENDING
from flaskr.exports.verify.manifests import KnownFile, known_from_manifest
from flaskr.exports.verify.services import Verdict, verify_file
from flaskr.isolation import Limits


@click.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--manifest",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=(
        "The default is FILE.manifest.json, else that of the kept export with this content or name."
    ),
)
@with_appcontext
def verify_command(file: Path, manifest: Path | None) -> None:
    """Total a file again and compare it with its manifest.

    The exit code is 0 only when everything is equal; otherwise each difference is printed.
    """
    config = current_app.config
    limits = Limits(config["EXPORT_SECONDS"], config["EXPORT_MEMORY_BYTES"])
    verdict = verify_file(file.resolve(), file.name, _manifest_of(file, manifest), limits)
    click.echo("\n".join([*_file_lines(file, verdict), *_difference_lines(verdict)]))
    if verdict.known is None:
        raise click.ClickException(
            "There is no known manifest of this file; give it with --manifest."
        )
    if not verdict.is_equal:
        raise click.ClickException("The file differs from its manifest.")
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
