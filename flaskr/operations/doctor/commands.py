"""flask doctor: look at everything that the book runs on."""

import json
from dataclasses import asdict

import click
from flask.cli import with_appcontext

from flaskr.commands import BookCommand
from flaskr.exit_codes import ExitCode
from flaskr.operations.doctor.checkup import all_findings
from flaskr.operations.doctor.findings import Level


@click.command("doctor", cls=BookCommand)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for monitoring.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Look at rights, schema, disks, keys, processes, and what is open to whom.

    Prints a sentence for each, which begins with ok, look at or wrong. The exit code is 5 when
    something is wrong.
    """
    found = []
    for finding in all_findings():
        found.append(finding)
        if not as_json:
            click.echo(f"{finding.level:<8} {finding.subject}: {finding.text}")
    worst = max((finding.level for finding in found), key=list(Level).index)
    if as_json:
        report = {"worst": worst, "findings": [asdict(finding) for finding in found]}
        click.echo(json.dumps(report, ensure_ascii=False))
    if worst is Level.WRONG:
        click.get_current_context().exit(ExitCode.DIFFERENT)
