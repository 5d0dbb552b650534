"""Pseudonyms in place of policyholders' names, and who may see the names."""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from flask import current_app

from flaskr.errors import ClaimBookError

# True for commands: whoever runs them has the database. The gate sets it for each request.
sees_names: ContextVar[bool] = ContextVar("sees_names", default=True)

_PSEUDONYM_BYTES = 10
_COLUMN_LABEL = b"ClaimBook: the column of pseudonyms under the key "
NO_NAMES = "A pseudonym: your role does not see names."
WITHHELD = "Withheld: it may name people."


class NamesWithheld(ClaimBookError):
    """A request for names by somebody who may not see them."""

    status = 403


class Pseudonyms:
    """Pseudonyms under one key: HMAC-SHA256 of the casefolded name.

    Copying one HMAC object takes half the time of `hmac.digest`, which hashes the key each time.
    """

    def __init__(self, key: str) -> None:
        """Hash the key once."""
        self._hmac = hmac.new(key.encode(), digestmod=hashlib.sha256)

    def of(self, names: Sequence[str]) -> list[str]:
        """Return the pseudonym of each name, 20 hex digits; an empty (erased) one stays empty."""
        digests = []
        for name in _folded(names):
            digest = self._hmac.copy()
            digest.update(name)
            digests.append(digest.digest()[:_PSEUDONYM_BYTES].hex() if name else "")
        return digests


def _folded(names: Sequence[str]) -> list[bytes]:
    """Return names casefolded in NFC; all in one string, which is many times faster."""
    joined = unicodedata.normalize("NFC", "\n".join(names)).casefold()
    folded = unicodedata.normalize("NFC", joined).encode().split(b"\n") if names else []
    if len(folded) != len(names):  # a name has a line break, which the book itself refuses
        return _folded([name.replace("\n", " ") for name in names])
    return folded


def pseudonym(name: str) -> str:
    """Return the pseudonym of a name under the book's key."""
    return Pseudonyms(current_app.config["PSEUDONYM_KEY"]).of([name])[0]


def pseudonym_column() -> str:
    """Return the name of the column of pseudonyms; another key gives another name."""
    key = current_app.config["PSEUDONYM_KEY"].encode()
    return f"policyholder_{hashlib.sha256(_COLUMN_LABEL + key).hexdigest()[:8]}"


def is_signed_in() -> bool:
    """Whether this book requires signing in."""
    return bool(current_app.config["BOOK_MODE"] == "signed-in")


def may_ask_for_names() -> bool:
    """Whether a file gets names if a reason is given, and pseudonyms otherwise."""
    return is_signed_in() and sees_names.get()


def may_include_names(reason: str) -> bool:
    """Whether a file gets names: always in an open book, else only if a reason is given.

    Raises NamesWithheld for a reason given by somebody who may not see names.
    """
    if reason and not sees_names.get():
        raise NamesWithheld(
            "Names are not available here: leave out “reason” to get pseudonyms instead."
        )
    return sees_names.get() and (bool(reason) or not is_signed_in())


@contextmanager
def without_names() -> Iterator[None]:
    """Withhold names inside the block, in a book that requires signing in."""
    token = sees_names.set(sees_names.get() and not is_signed_in())
    try:
        yield
    finally:
        sees_names.reset(token)
