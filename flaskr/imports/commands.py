"""flask import: load a file into the book."""

import click
from flask.cli import with_appcontext


@click.command("import")
@with_appcontext
def import_file() -> None:
    """Load a file."""
