"""The options of reading that would settle refusals: what a page asks before anything else."""

# ruff: noqa: S608 - statements are built from names that the code declares

from flaskr.imports.dry_run.reading.staged_files import HIDDEN
from flaskr.imports.dry_run.staging import Staging
from flaskr.values.identity_numbers import IN_TEXT
from flaskr.values.text import CONTROL_LETTER
from flaskr.values.written_days import CHOOSE_ORDER

# To take rows that look like totals is not asked: it is rarely right, and counts money twice.
_TEXTS = {"day_order": CHOOSE_ORDER, "hidden": HIDDEN, "strip": CONTROL_LETTER, "numbers": IN_TEXT}


def asked_options(staging: Staging, at: int) -> tuple[str, ...]:
    """Return the names of the options that would settle refusals of one file."""
    is_given = ", ".join(
        f"coalesce(bool_or(starts_with(text, ${name})), false) AS {name}" for name in _TEXTS
    )
    (found,) = staging.dicts(f"SELECT {is_given} FROM faults WHERE file = $file", file=at, **_TEXTS)
    return tuple(name for name in _TEXTS if found[name])
