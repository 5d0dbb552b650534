"""The names of a person, compared without capitals, spaces and punctuation between words."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_BETWEEN_WORDS = re.compile(r"[\W_]+")


def _folded(text: str) -> str:
    """Return a text in NFC without capitals, its words with one space between."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return f" {_BETWEEN_WORDS.sub(' ', folded).strip()} "


@dataclass(frozen=True)
class PersonNames:
    """The names of one person, folded; none if no name is known."""

    folded: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str]) -> "PersonNames":
        """Return names to compare with; empty ones are left out."""
        return cls(frozenset(each for each in map(_folded, names) if each.strip()))

    def is_in(self, text: str | None) -> bool:
        """Whether a text has one of the names, as whole words."""
        if not text or not self.folded:
            return False
        folded = _folded(text)
        return any(name in folded for name in self.folded)

    def is_name(self, text: str) -> bool:
        """Whether a text is one of the names."""
        return _folded(text) in self.folded
