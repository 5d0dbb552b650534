"""What an import refuses, and where: each names the file, the row, the column and the value."""

import unicodedata
from dataclasses import dataclass

from flaskr.errors import ClaimBookError

SHOWN_REFUSALS = 20
SHOWN_CHARACTERS = 40


def shown(value: object) -> str:
    """Return a cell's value as a message quotes it: short, on one line, without control codes."""
    text = "" if value is None else str(value)
    visible = "".join("\ufffd" if unicodedata.category(c)[0] == "C" else c for c in text)
    cut = visible[:SHOWN_CHARACTERS]
    return f"“{cut}…”" if len(visible) > SHOWN_CHARACTERS else f"“{cut}”"


@dataclass(frozen=True)
class Refusal:
    """One thing that an import cannot take; `row` counts as a spreadsheet does, the header too."""

    text: str
    file: str
    row: int | None = None
    column: str | None = None
    value: object = None

    def __str__(self) -> str:
        """Return the place, the value there, and what to do."""
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column is not None:
            place += f", {self.column} {shown(self.value)}"
        return f"{place}: {self.text}"


class ImportRefused(ClaimBookError):
    """An import that is not taken, with every reason found; nothing of it is in the book."""

    def __init__(self, *refusals: Refusal) -> None:
        """Keep the refusals; the text has the first of them, one a line, and how many more."""
        lines = [str(refusal) for refusal in refusals[:SHOWN_REFUSALS]]
        if more := len(refusals[SHOWN_REFUSALS:]):
            lines.append(f"… and {more} more.")
        super().__init__("\n".join(lines))
        self.refusals = refusals
