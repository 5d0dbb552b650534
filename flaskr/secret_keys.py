"""Secret keys: generated once and stored in a file, or set by the operator and checked."""

import secrets
from pathlib import Path

from flaskr.errors import SettingsError
from flaskr.private_files import open_private

_MIN_CHARACTERS = 32
_MIN_DIFFERENT_CHARACTERS = 10
_KEY_COMMAND = "python3 -c 'import secrets; print(secrets.token_hex(32))'"
# From examples, tutorials and templates; a key is refused if one of them is anywhere in it,
# whatever its case and punctuation.
_PLACEHOLDERS = (
    "changeme",
    "changethis",
    "placeholder",
    "replaceme",
    "replacethis",
    "secretkey",
    "supersecret",
    "topsecret",
    "notsosecret",
    "mysecret",
    "yoursecret",
    "verysecret",
    "insecure",
    "password",
    "example",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",  # Flask's documentation
)


def stored_key(instance_folder: Path, name: str) -> str:
    """Return the key in a file of the instance folder; generate it the first time.

    Only the user who runs the book may read the file.
    """
    path = instance_folder / name
    if not path.exists():
        new_file = path.with_name(f"{name}.{secrets.token_hex(4)}")
        with open_private(new_file, "x", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        try:
            path.hardlink_to(new_file)  # the first process wins; the others read its key
        except FileExistsError:
            pass
        finally:
            new_file.unlink()
    return path.read_text(encoding="ascii")


def require_strong(setting: str, key: str) -> None:
    """Raise SettingsError, with a command that makes a good key, if a key is easy to guess."""
    plain = "".join(character for character in key.lower() if character.isalnum())
    if not key:
        problem = "is missing"
    elif len(key) < _MIN_CHARACTERS:
        problem = f"has fewer than {_MIN_CHARACTERS} characters"
    elif any(placeholder in plain for placeholder in _PLACEHOLDERS):
        problem = "is a placeholder"
    elif len(set(key)) < _MIN_DIFFERENT_CHARACTERS:
        problem = "repeats itself"
    else:
        return
    raise SettingsError(f"{setting} {problem}. Set one that nobody can guess: {_KEY_COMMAND}")
