"""Who runs a command: the operating system's user, in the trail and in the ledger."""

import os
import pwd
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from flaskr.audit.models import Action
from flaskr.audit.services import Origin, command_actor
from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.errors import ClaimBookError
from flaskr.import_records.models import Import
from flaskr.users.services import clean_email
from tests.audit.events import only_event
from tests.factories import make_claim


def test_a_command_is_recorded_with_its_user_and_machine(rolled_back):
    make_claim()

    event = only_event(Action.CLAIM_REPORTED)

    assert (event.through, event.request_id) == ("command", "")
    user, _, host = event.address.partition("@")
    assert user
    assert host


def test_a_command_is_recorded_under_the_systems_user_whatever_the_environment_says(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "anna")
    user = pwd.getpwuid(os.getuid()).pw_name

    assert command_actor() == f"command ({user})"
    assert Origin().address.startswith(f"{user}@")


def test_a_command_user_without_a_name_is_recorded_by_uid(monkeypatch):
    monkeypatch.setattr("os.getuid", lambda: 987_654)

    assert command_actor() == "command (987654)"
    assert Origin().address.startswith("987654@")


@pytest.mark.parametrize(
    ("name", "actor"),
    [
        ("anna@example.com", "command (anna@example.com)"),
        ("a" * 80, f"command ({'a' * 54})"),
        ("a\nb", "command (7)"),
        ("\udcff", "command (7)"),
    ],
)
def test_a_command_user_fits_the_ledger_and_is_nobodys_e_mail_address(monkeypatch, name, actor):
    monkeypatch.setattr("os.getuid", lambda: 7)
    monkeypatch.setattr("pwd.getpwuid", lambda number: SimpleNamespace(pw_name=name))

    assert command_actor() == actor
    assert len(actor) <= 64
    with pytest.raises(ClaimBookError, match="not an e-mail address"):
        clean_email(command_actor())


def test_what_a_command_loads_is_recorded_under_its_user_in_the_ledger_too(
    session, runner, tmp_path
):
    path = tmp_path / "claims.csv"
    for content in ("claim;cause;cost\nA;fire;1\n", "claim;cause;cost\nA;water;2\n"):
        path.write_text(content)
        assert runner.invoke(args=["import", str(path)]).exit_code == 0

    recorded = [Claim.recorded_by, LedgerEntry.recorded_by, Import.recorded_by]
    for column in (*recorded, ClaimRevision.replaced_by):
        assert set(session.scalars(select(column))) == {command_actor()}
