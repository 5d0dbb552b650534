"""Finds what other programs made of the book's own texts on the way through them.

A program that reads CSV and writes another format keeps the apostrophe before a formula, and one
that takes a text for a number drops its zeros or adds decimals. Only the book can tell.
"""

# ruff: noqa: S608 - statements are built from names that the code declares

from typing import Any

from sqlalchemy import Select, select

from flaskr.claims.models import Claim
from flaskr.facts.closed_lists import Contents
from flaskr.imports.dry_run.book_rows import BookRows
from flaskr.imports.dry_run.staging import Staging
from flaskr.policies.models import Policy

_KEYS = {"claim_reference": "claim_key", "policy_number": "policy_key"}
_TEXTS = {
    Contents.CLAIMS: ("event_code", "description"),
    Contents.POLICIES: ("policyholder",),
}
_KEY_OF = {Contents.CLAIMS: "claim_key", Contents.POLICIES: "policy_key"}
_ESCAPED = "starts_with({0}, '''') AND regexp_matches({0}, '^''[=+@''\\t\\r\\n-]')"
_ZERO_KEYS: dict[str, Select[Any]] = {
    "claim_reference": select(Claim.claim_reference_key.label("k")).where(
        Claim.claim_reference_key.startswith("0")
    ),
    "policy_number": select(Policy.policy_number_key.label("k")).where(
        Policy.policy_number_key.startswith("0")
    ),
}
_NUMBER = r"'[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]{1,3})?'"
_WHOLE = "'[1-9][0-9]*'"
_NEW = "compared_{0} WHERE id IS NULL"
_WITHOUT_POLICY = "claims WHERE row IN (SELECT row FROM compared_claims WHERE lacks_policy)"
_BOOK_HAS_TEXT = (
    "'The book has “' || {0}_before || '”, and a program made this number of it. Read the column "
    "as text, or change the value on its page.'"
)
_BOOK_HAS_KEY = (
    "'The book has ' || k || ', and programs make the number ' || {0} || ' of it. Read the "
    "column as text; if this is another one, add it on its page.'"
)


def without_kept_apostrophes(staging: Staging, book: BookRows, contents: Contents) -> list[str]:
    """Take off the apostrophes before formulas where the book has the text without it.

    The book's CSV puts them there, and a program that saved it in another format has kept them.
    Returns a sentence that says in how many cells, if in any.
    """
    if contents not in _TEXTS:
        return []
    keys = _KEYS if contents is Contents.CLAIMS else {"policy_number": "policy_key"}
    count = sum(_take_off(staging, book, contents, *pair) for pair in keys.items())
    count += sum(_take_off(staging, book, contents, name) for name in _TEXTS[contents])
    if not count:
        return []
    cells = "1 cell" if count == 1 else f"{count:,} cells"
    return [
        f"In {cells} an apostrophe before a sign such as = or - was taken off: the book has the "
        "text without it, and its CSV puts it there."
    ]


def _take_off(
    staging: Staging, book: BookRows, contents: Contents, name: str, key: str = ""
) -> int:
    """Take the apostrophes off one column, of which `key` has the keys; how many there were."""
    escaped = _ESCAPED.format(f"t.{name}")
    if not staging.one(f"SELECT count(*) FROM {contents} t WHERE {escaped}"):
        return 0
    of_row = key or _KEY_OF[contents]
    sought = f"SELECT {of_row} FROM {contents} t WHERE {escaped}"
    if key:
        sought += f" UNION ALL SELECT substr({key}, 2) FROM {contents} t WHERE {escaped}"
    is_claim = of_row == "claim_key"
    book.copy_known(sought, has_claims=is_claim, has_policies=not is_claim)
    known = "known_claims" if is_claim else "known_policies"
    shown, plain = (
        (f"t.{key}", f"substr(t.{key}, 2)") if key else (f"t.{name}", f"substr(t.{name}, 2)")
    )
    match = f"k.{key} = {{}}" if key else f"k.{of_row} = t.{of_row} AND k.{name} = {{}}"
    rows = (
        f"{escaped} AND EXISTS (FROM {known} k WHERE {match.format(plain)}) "
        f"AND NOT EXISTS (FROM {known} k WHERE {match.format(shown)})"
    )
    changes = f"{name} = substr({name}, 2)" + (f", {key} = substr({key}, 2)" if key else "")
    count: int = staging.one(f"UPDATE {contents} t SET {changes} WHERE {rows}")
    return count


def note_made_numbers(staging: Staging, book: BookRows, at: int, contents: Contents) -> None:
    """Note the compared rows with a number that a program made of a text of the book."""
    for name in _TEXTS[contents]:
        staging.run(
            f"INSERT INTO faults SELECT $file, row, '{name}', {name}, "
            f"{_BOOK_HAS_TEXT.format(name)} FROM compared_{contents} "
            f"WHERE is_edited AND {_is_same_number(name)}",
            file=at,
        )
    if contents is Contents.POLICIES:
        _note_lost_zeros(staging, book, at, "policy_number", _NEW.format(contents))
        return
    _note_lost_zeros(staging, book, at, "claim_reference", _NEW.format(contents))
    _note_lost_zeros(staging, book, at, "policy_number", _WITHOUT_POLICY)


def _is_same_number(name: str) -> str:
    """Return the condition that the text of the file and the book's are the same number.

    Two whole numbers without zeros at the front are different, however long they are.
    """
    texts = (name, f"{name}_before")
    numbers = " = ".join(f"try_cast(replace({text}, ',', '.') AS DOUBLE)" for text in texts)
    are_numbers, are_whole = (
        " AND ".join(f"regexp_full_match({text}, {pattern})" for text in texts)
        for pattern in (_NUMBER, _WHOLE)
    )
    return f"{name} <> {name}_before AND {are_numbers} AND {numbers} AND NOT ({are_whole})"


def _note_lost_zeros(staging: Staging, book: BookRows, at: int, name: str, rows: str) -> None:
    """Note those of some rows whose key the book has only with zeros at the front."""
    key = _KEYS[name]
    rows = f"(SELECT row, {name}, {key} FROM {rows}) WHERE regexp_full_match({key}, {_WHOLE})"
    if not staging.one(f"SELECT count(*) FROM {rows}"):
        return
    staging.run("CREATE OR REPLACE TABLE zero_keys (k VARCHAR)")
    staging.add_all("zero_keys", book.read(_ZERO_KEYS[name]))
    staging.run(
        f"INSERT INTO faults SELECT $file, row, '{name}', {name}, {_BOOK_HAS_KEY.format(name)} "
        f"FROM (FROM {rows}) JOIN (SELECT ltrim(k, '0') AS number, min(k) AS k "
        f"FROM zero_keys GROUP BY number) ON number = {key}",
        file=at,
    )
