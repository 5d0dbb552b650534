"""flask people erase: blank a person's name and what was said about their losses."""

import click
from flask import current_app
from flask.cli import AppGroup

from flaskr.book.services import require_book
from flaskr.database import is_embedded, transaction_mode
from flaskr.extensions import db
from flaskr.privacy.queries import Person, person_on
from flaskr.privacy.residual_copies import (
    clear_old_pages,
    empty_spool,
    folders_of_imports,
    kept_with_names,
    overwrite_deleted,
)
from flaskr.privacy.services import Erased, erase_person

_ACTOR = "command"
_BEYOND = "This command cannot reach archives, backups and files that were sent out."
_NOT_OVERWRITTEN = "PostgreSQL keeps deleted rows on disk until it overwrites them; see VACUUM."

people = AppGroup("people", help="Erase personal data.")


@people.command()
@click.argument("numbers", metavar="NUMBER…", nargs=-1)
@click.option(
    "--claim", "references", multiple=True, help="The reference of a claim that has no policy."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def erase(numbers: tuple[str, ...], references: tuple[str, ...], yes: bool) -> None:
    """Erase the policyholder of the policies with these NUMBERs, and their claims' descriptions.

    Amounts and dates stay. This cannot be undone.
    """
    if not numbers and not references:
        raise click.UsageError("Give the number of a policy, or a claim with --claim.")
    require_book()
    with transaction_mode("read"):
        person = person_on(numbers, references)
        db.session.remove()
    if not yes:
        click.confirm(_question(person), abort=True)
    always = overwrite_deleted()
    erased = erase_person(person, actor=_ACTOR)
    db.session.commit()
    empty_spool(current_app.config)
    _tell(erased)
    clear_old_pages(always)


def _question(person: Person) -> str:
    """Return what is asked before anything is erased."""
    policies = _counted(len(person.policy_ids), "policy", "policies")
    claims = _counted(len(person.claim_ids), "claim", "claims")
    return f"Erase the policyholder of {policies} and the description of {claims} permanently?"


def _counted(number: int, one: str, many: str) -> str:
    """Return a number of things in words."""
    return f"{number} {one if number == 1 else many}"


def _tell(erased: Erased) -> None:
    """Say what was erased, and where else it may stand and what to do there."""
    names = _counted(erased.names, "policyholder", "policyholders")
    click.echo(f"Erased: {names} and {_counted(erased.texts, 'description', 'descriptions')}.")
    if erased.also_on:
        click.echo(f"The same name is on other policies: {', '.join(erased.also_on)}.")
    if kept := kept_with_names(current_app.config):
        click.echo("These kept exports may still have the data; delete them at /exports:")
        for each in kept:
            click.echo(f"  {each.name}")
    if folders := folders_of_imports(current_app.config):
        click.echo(
            "These imported files may still have the data. They are deleted 30 days after the "
            "import;"
        )
        click.echo("delete their folders to remove them earlier:")
        for folder, files in folders.items():
            click.echo(f"  {folder}: {', '.join(files)}")
    click.echo(_BEYOND if is_embedded() else f"{_BEYOND} {_NOT_OVERWRITTEN}")
