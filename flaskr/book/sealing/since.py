"""The parameter `since` of feeds: where a reader's last file ended."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, literal

from flaskr.book.sealing.queries import SealName, parse_seal
from flaskr.errors import TextError

_HIGHEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Since:
    """The seal of the reader's last file, or the number of the last entry that the reader has.

    A number says nothing of the history that it was seen in, so it cannot be checked.
    """

    seal: SealName | None
    entry: int = 0

    def __str__(self) -> str:
        """Return the text that it was parsed from."""
        return str(self.seal or self.entry)

    def highest_id(self, table: str) -> ColumnElement[int]:
        """Return the SQL of the highest id of a table that the reader has.

        It is null, so no row is later, for a seal that the book does not contain.
        """
        return self.seal.highest_id(table) if self.seal else literal(self.entry)


def parse_since(text: str) -> Since:
    """Parse a seal or the number of a ledger entry; 0 stands for none."""
    if ":" in text:
        return Since(parse_seal(text))
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > _HIGHEST_ID:
        raise TextError(
            f"“{text[:20]}” is not where a file ended. Give the next_since of your last file, or "
            "the number of a ledger entry."
        )
    return Since(None, int(text))
