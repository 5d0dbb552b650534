"""The book's last seal, and whether a book contains a seal that was seen earlier."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, select, true

from flaskr.book.models import Seal
from flaskr.book.sealing.lines import FIRST_DIGEST, SEALED_TABLES
from flaskr.errors import ClaimBookError, TextError
from flaskr.extensions import db

_TEXT = re.compile(r"(0|[1-9][0-9]{0,9}):([0-9a-f]{64})", re.ASCII)


class OtherHistory(ClaimBookError):
    """A seal that the book does not contain."""

    status = 409

    @classmethod
    def since(cls) -> "OtherHistory":
        """Return the error for a reader who continues from another history."""
        return cls(
            "This book does not contain the seal in “since”: it was put back to an older copy, or "
            "it is another book. Begin again without “since”, and replace all that you read before."
        )


@dataclass(frozen=True)
class SealName:
    """A seal as files, manifests and addresses name it: `ID:DIGEST`; ID 0 is the empty book's."""

    id: int
    digest: str

    def __str__(self) -> str:
        """Return the text that `parse_seal` takes."""
        return f"{self.id}:{self.digest}"

    @property
    def row(self) -> Select[Any]:
        """Select the seal's row, if the book contains the seal."""
        return select(Seal).where(Seal.id == self.id, Seal.digest == self.digest)

    @property
    def is_contained(self) -> ColumnElement[bool]:
        """The condition that the book contains the seal; each book begins empty."""
        return true() if self == EMPTY_BOOK else self.row.exists()

    def highest_id(self, table: str) -> ColumnElement[int]:
        """Return the SQL of the highest id that a table had; null if the seal is not contained."""
        if self == EMPTY_BOOK:
            return literal(0)
        return self.row.with_only_columns(getattr(Seal, table)).scalar_subquery()


EMPTY_BOOK = SealName(0, FIRST_DIGEST)


def parse_seal(text: str) -> SealName:
    """Return the seal that a text names; raises TextError if it is not `ID:DIGEST`."""
    if not (match := _TEXT.fullmatch(text.strip())):
        raise TextError(
            f"“{text[:80]}” is not a seal: it is a number, a colon and 64 digits 0 to f."
        )
    return SealName(int(match[1]), match[2])


def watermark_select() -> Select[Any]:
    """Select the book's watermark: the text of its last seal, and the highest ids that it covers.

    Two histories with the same ids have different seals. An empty book has `EMPTY_BOOK` and zeros.
    """
    last = select(func.max(Seal.id).label("id")).subquery()
    seal = cast(Seal.id, String) + ":" + Seal.digest
    ids = (func.coalesce(getattr(Seal, name), 0).label(name) for name in SEALED_TABLES)
    columns: list[Any] = [func.coalesce(seal, str(EMPTY_BOOK)).label("seal"), *ids]
    return select(*columns).select_from(last.outerjoin(Seal, Seal.id == last.c.id))


def watermark() -> dict[str, Any]:
    """Return the book's watermark."""
    return dict(db.session.execute(watermark_select()).one()._mapping)


def contains_seal(seal: SealName) -> bool:
    """Whether the book contains a seal: what it had at that commit, it has still."""
    return bool(db.session.scalar(select(seal.is_contained)))


def missing_seals(seals: Collection[SealName]) -> set[SealName]:
    """Return the seals that the book does not contain, by one query."""
    ids = {seal.id for seal in seals}
    rows = db.session.execute(select(Seal.id, Seal.digest).where(Seal.id.in_(ids)))
    return set(seals) - {SealName(*row) for row in rows} - {EMPTY_BOOK}
