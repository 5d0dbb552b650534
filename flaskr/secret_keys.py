"""The keys that sign and that hide: made once and kept in a file, or given and strong."""

import secrets
from pathlib import Path

from flaskr.errors import SettingsError

_MIN_CHARACTERS = 32
_MIN_DIFFERENT_CHARACTERS = 10
_HOW_TO_MAKE_ONE = "python3 -c 'import secrets; print(secrets.token_hex(32))'"
# What stands in examples, tutorials and templates; looked for anywhere in a key, without signs.
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
    """Return a key made once and kept under a name where only this user can read it."""
    path = instance_folder / name
    if not path.exists():
        made = path.with_name(f"{name}.{secrets.token_hex(4)}")
        made.touch(mode=0o600)
        made.write_text(secrets.token_hex(32), encoding="ascii")
        try:
            path.hardlink_to(made)  # whoever is first wins; the others read that one
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path.read_text(encoding="ascii")


def require_strong(setting: str, key: str) -> None:
    """Raise SettingsError, with what makes a good one, unless a key is hard to guess."""
    plain = "".join(each for each in key.lower() if each.isalnum())
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
    raise SettingsError(f"{setting} {problem}. Set one that nobody can guess: {_HOW_TO_MAKE_ONE}")
