"""Checks of the instance folder and the keys."""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from flask import current_app

from flaskr.database.past_books import FILES_OF_BOOK
from flaskr.errors import SettingsError
from flaskr.operations.doctor.findings import Finding
from flaskr.private_files import others_may_use
from flaskr.secret_keys import require_strong

_KEYS = ("SECRET_KEY", "PSEUDONYM_KEY")


def check_folder() -> Iterator[Finding]:
    """Whether the instance folder can be written, and is for its owner only."""
    folder: Path = current_app.config["INSTANCE_FOLDER"]
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding.wrong("folder", f"This user may not write in the instance folder {folder}.")
        return
    if (owner := folder.stat().st_uid) != os.geteuid():
        yield Finding.look(
            "folder",
            f"{folder} belongs to {_name_of(owner)}, and this command runs as "
            f"{_name_of(os.geteuid())}: run it as the book's user.",
        )
    if shared := list(others_may_use(folder, FILES_OF_BOOK)):
        yield Finding.wrong(
            "folder",
            f"Other users of this machine may use {shared[0]} and {len(shared) - 1} more. "
            f"Run: chmod -R go= {folder}",
        )
    else:
        yield Finding.ok("folder", f"{folder} and what is in it are for their owner only.")


def _name_of(user_id: int) -> str:
    """Return the name of a user of the system, or the number if it has none."""
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return str(user_id)


def check_keys() -> Iterator[Finding]:
    """Whether the keys are there and hard to guess; their files' rights are the folder's."""
    for name in _KEYS:
        try:
            require_strong(name, current_app.config[name])
        except SettingsError as error:
            yield Finding.wrong("keys", str(error))
        else:
            yield Finding.ok("keys", f"{name} is there and hard to guess.")
