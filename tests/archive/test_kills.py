"""A killed load leaves an empty book, into which the archive can be loaded."""

import os
import subprocess
import sys

import pytest

from flaskr.archive.services import import_archive
from flaskr.extensions import db
from tests.audit.events import events
from tests.books import highest_ids
from tests.factories import ACTOR

pytestmark = pytest.mark.slow

KILLED = """
import os, signal, sys
from pathlib import Path
from flaskr import create_app
from flaskr.archive.loading import load_archive
from flaskr.archive.services import _load_archive_task

def die(progress):
    done, in_all = progress
    if done >= in_all * float(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

with create_app().app_context():
    load_archive(die, _load_archive_task(Path(sys.argv[1]), "command", None))
"""


@pytest.mark.parametrize("part", [0.5, 1.0])
def test_a_killed_load_leaves_an_empty_book(session, book_settings, embedded_archive, part):
    environment = {
        **os.environ,
        "INSTANCE_FOLDER": str(book_settings.instance_folder),
        "DATABASE_URL": book_settings.database_url,
        "BOOK_ACCESS": "open",
    }
    command = [sys.executable, "-c", KILLED, str(embedded_archive), str(part)]

    killed = subprocess.run(command, env=environment, check=False)

    assert killed.returncode == -9
    assert not any(highest_ids())
    assert events() == []
    db.session.rollback()
    assert import_archive(embedded_archive, actor=ACTOR).claims == highest_ids()[1]
    assert len(events()) == 1
