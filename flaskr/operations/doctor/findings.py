"""What a check of the doctor finds: one sentence, and how bad it is."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is; in the order of getting worse."""

    OK = "ok"
    LOOK = "look at"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: a subject of a word or two, and a sentence."""

    level: Level
    subject: str
    text: str

    @classmethod
    def ok(cls, subject: str, text: str) -> "Finding":
        """Return a finding that needs nothing."""
        return cls(Level.OK, subject, text)

    @classmethod
    def look(cls, subject: str, text: str) -> "Finding":
        """Return a finding that somebody should think about."""
        return cls(Level.LOOK, subject, text)

    @classmethod
    def wrong(cls, subject: str, text: str) -> "Finding":
        """Return a finding that somebody must act on."""
        return cls(Level.WRONG, subject, text)
