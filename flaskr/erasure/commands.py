"""flask people erase: blank a person's name and what was said about their losses."""

import click
from flask import current_app
from flask.cli import AppGroup

from flaskr.book import require_book
from flaskr.database import is_embedded, working
from flaskr.erasure.queries import Person, person_on
from flaskr.erasure.services import Erased, erase_person
from flaskr.erasure.traces import (
    clear_old_pages,
    empty_spool,
    folders_of_imports,
    kept_with_names,
    overwrite_deleted,
)
from flaskr.extensions import db

ACTOR = "command"
BEYOND = "Archives, backups and files that were sent out are beyond this command."
NOT_OVERWRITTEN = "PostgreSQL keeps old rows on disk until it writes over them: see its VACUUM."

people = AppGroup("people", help="What the book knows of persons.")


@people.command()
@click.argument("numbers", metavar="NUMBER…", nargs=-1)
@click.option("--claim", "references", multiple=True, help="A claim, where there is no policy.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(numbers: tuple[str, ...], references: tuple[str, ...], yes: bool) -> None:
    """Erase who holds the policies of these NUMBERs, and what was said about their claims.

    Amounts and dates stay. It cannot be undone.
    """
    if not numbers and not references:
        raise click.UsageError("Name a policy by its number, or a claim with --claim.")
    require_book()
    with working("read"):
        person = person_on(numbers, references)
        db.session.remove()
    if not yes:
        click.confirm(question(person), abort=True)
    always = overwrite_deleted()
    erased = erase_person(person, actor=ACTOR)
    db.session.commit()
    empty_spool(current_app.config)
    tell(erased)
    clear_old_pages(always)


def question(person: Person) -> str:
    """Return what is asked before anything is erased."""
    policies = counted(len(person.policy_ids), "policy", "policies")
    claims = counted(len(person.claim_ids), "claim", "claims")
    return f"Erase the policyholder of {policies} and the description of {claims} for ever?"


def counted(number: int, one: str, many: str) -> str:
    """Return a number of things in words."""
    return f"{number} {one if number == 1 else many}"


def tell(erased: Erased) -> None:
    """Say what was erased, and where else it may stand and what to do there."""
    names = counted(erased.names, "policyholder", "policyholders")
    click.echo(f"Erased: {names} and {counted(erased.texts, 'description', 'descriptions')}.")
    if erased.also_on:
        click.echo(f"The same name is on other policies: {', '.join(erased.also_on)}.")
    if kept := kept_with_names(current_app.config):
        click.echo("These kept exports may have it; delete them at /exports:")
        for each in kept:
            click.echo(f"  {each.name}")
    if folders := folders_of_imports(current_app.config):
        click.echo("These files of imports may have it; delete the folders, which go by themselves")
        click.echo("30 days after the import:")
        for folder, files in folders.items():
            click.echo(f"  {folder}: {', '.join(files)}")
    click.echo(BEYOND if is_embedded() else f"{BEYOND} {NOT_OVERWRITTEN}")
