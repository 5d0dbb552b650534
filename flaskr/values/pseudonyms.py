"""Who people are: whether this work may say it, or gives pseudonyms in place of names."""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from flask import current_app

from flaskr.errors import ClaimBookError

# Of commands true: who runs them has the database. The guard sets it for each request.
sees_names: ContextVar[bool] = ContextVar("sees_names", default=True)

_PSEUDONYM_BYTES = 10
_COLUMN_LABEL = b"ClaimBook: the column of pseudonyms under the key "
NO_NAMES = "A pseudonym: your role does not see names."
WITHHELD = "Withheld: it may name people."


class NamesWithheld(ClaimBookError):
    """Names that were asked for and are not given."""

    status = 403


class Pseudonyms:
    """Pseudonyms under one key: HMAC-SHA256 of the name without its capitals.

    A copy of one HMAC object takes half the time of `hmac.digest`, which hashes the key each time.
    """

    def __init__(self, key: str) -> None:
        """Hash the key."""
        self.keyed = hmac.new(key.encode(), digestmod=hashlib.sha256)

    def of(self, names: Sequence[str]) -> list[str]:
        """Return the pseudonym of each name, 20 hex digits; an empty (erased) one stays empty."""
        digests = []
        for name in _folded(names):
            keyed = self.keyed.copy()
            keyed.update(name)
            digests.append(keyed.digest()[:_PSEUDONYM_BYTES].hex() if name else "")
        return digests


def _folded(names: Sequence[str]) -> list[bytes]:
    """Return names of one line in NFC without capitals; all at once, which is many times faster."""
    together = unicodedata.normalize("NFC", "\n".join(names)).casefold()
    found = unicodedata.normalize("NFC", together).encode().split(b"\n") if names else []
    if len(found) != len(names):  # a name of several lines, which the book does not take
        return _folded([name.replace("\n", " ") for name in names])
    return found


def pseudonym(name: str) -> str:
    """Return what stands for a name under the book's key."""
    return Pseudonyms(current_app.config["PSEUDONYM_KEY"]).of([name])[0]


def pseudonym_column() -> str:
    """Return what the column of pseudonyms is called: another key gives another name."""
    key = current_app.config["PSEUDONYM_KEY"].encode()
    return f"policyholder_{hashlib.sha256(_COLUMN_LABEL + key).hexdigest()[:8]}"


def is_signed_in() -> bool:
    """Whether people sign in to this book."""
    return bool(current_app.config["BOOK_MODE"] == "signed-in")


def may_ask_for_names() -> bool:
    """Whether a file would have names for a reason, and has none without."""
    return is_signed_in() and sees_names.get()


def gives_names(reason: str) -> bool:
    """Whether a file has names: of an open book always; where people sign in, for a reason.

    Raises NamesWithheld when a reason comes from who does not see names.
    """
    if reason and not sees_names.get():
        raise NamesWithheld(
            "Names are not available here: leave out “reason” to get pseudonyms instead."
        )
    return sees_names.get() and (bool(reason) or not is_signed_in())


@contextmanager
def without_names() -> Iterator[None]:
    """Do what follows as for who does not see names, where people sign in."""
    token = sees_names.set(sees_names.get() and not is_signed_in())
    try:
        yield
    finally:
        sees_names.reset(token)
