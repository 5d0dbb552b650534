"""The command `flask people erase`."""

import click
from flask import current_app

from flaskr.audit.services import command_actor
from flaskr.book.services import require_book
from flaskr.commands import BookGroup
from flaskr.database.engine import is_embedded
from flaskr.database.modes import transaction_mode
from flaskr.extensions import db
from flaskr.privacy.queries import PersonRecords, person_records
from flaskr.privacy.residual_copies import (
    clear_old_pages,
    empty_spool,
    import_folders_with_files,
    kept_exports_with_names,
    overwrite_deleted,
)
from flaskr.privacy.services import ErasureResult, erase_person

_OUT_OF_REACH = "This command cannot reach archives, backups and files that were sent out."
_NOT_OVERWRITTEN = "PostgreSQL keeps deleted rows on disk until it overwrites them; see VACUUM."

people = BookGroup("people", help="Erase personal data.")


@people.command()
@click.argument("numbers", metavar="NUMBER…", nargs=-1)
@click.option(
    "--claim", "references", multiple=True, help="The reference of a claim that has no policy."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def erase(numbers: tuple[str, ...], references: tuple[str, ...], yes: bool) -> None:
    """Erase the policyholder of the policies with these NUMBERs, and the texts of their claims.

    The texts are a claim's description, and what was written with its ledger entries: reasons,
    payees, invoice numbers and notes. Amounts and dates stay. This cannot be undone.
    """
    if not numbers and not references:
        raise click.UsageError("Give the number of a policy, or a claim with --claim.")
    require_book()
    with transaction_mode("read"):
        records = person_records(numbers, references)
        db.session.remove()
    if not yes:
        click.confirm(_question(records), abort=True)
    was_on = overwrite_deleted()
    result = erase_person(records, actor=command_actor())
    db.session.commit()
    empty_spool(current_app.config)
    _print_result(result)
    clear_old_pages(overwrites_always=was_on)


def _question(records: PersonRecords) -> str:
    """Return the question to confirm before anything is erased."""
    policies = _count_text(len(records.policy_ids), "policy", "policies")
    claims = _count_text(len(records.claim_ids), "claim", "claims")
    return (
        f"Erase the policyholder of {policies}, and the description and the ledger's texts of "
        f"{claims} permanently?"
    )


def _count_text(number: int, one: str, many: str) -> str:
    """Return a number with its noun in the singular or plural."""
    return f"{number} {one if number == 1 else many}"


def _print_result(result: ErasureResult) -> None:
    """Print what was erased, and where copies may remain."""
    names = _count_text(result.names, "policyholder", "policyholders")
    descriptions = _count_text(result.texts.descriptions, "description", "descriptions")
    of_entries = _count_text(result.texts.entry_texts, "text", "texts")
    click.echo(f"Erased: {names}, {descriptions} and {of_entries} of ledger entries.")
    if result.also_on:
        click.echo(f"The same name is on other policies: {', '.join(result.also_on)}.")
    if exports := kept_exports_with_names(current_app.config):
        click.echo("These kept exports may still have the data; delete them at /exports:")
        for each in exports:
            click.echo(f"  {each.name}")
    if folders := import_folders_with_files(current_app.config):
        click.echo(
            "These imported files may still have the data. They are deleted 30 days after the "
            "import;"
        )
        click.echo("delete their folders to remove them earlier:")
        for folder, files in folders.items():
            click.echo(f"  {folder}: {', '.join(files)}")
    click.echo(_OUT_OF_REACH if is_embedded() else f"{_OUT_OF_REACH} {_NOT_OVERWRITTEN}")
