"""Clean and check references, names and free text."""

import re
import unicodedata

from flaskr.errors import TextError

REFERENCE_LENGTH = 64
KEY_LENGTH = 3 * REFERENCE_LENGTH  # casefolding makes up to three characters of one
LONGEST_TEXT = 32_000  # UTF-16 units: a spreadsheet cell holds a few more
NAME_LENGTH = 200
_FORBIDDEN_IN_REFERENCE = set("/\\?#")
# Bidirectional controls change the order of letters: one number could look like another.
_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
RESERVED = {".", "..", "new"}
ALLOTTED = re.compile(r"[cp]-[0-9]{4}-[0-9]{6,12}", re.ASCII)


def clean_text(text: str) -> str:
    """Return free text in NFC, trimmed, LF as line end; raises TextError if not storable."""
    cleaned = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if "\0" in cleaned or any("\ud800" <= character <= "\udfff" for character in cleaned):
        raise TextError("The text has a character that cannot be stored; remove it and try again.")
    if len(cleaned) + sum(character > "\uffff" for character in cleaned) > LONGEST_TEXT:
        raise TextError("The text is longer than 32\u202f000 characters.")
    return cleaned


def clean_name(text: str) -> str:
    """Return a name in NFC on one line; raises TextError when it is longer than 200 characters."""
    name = " ".join(clean_text(text).split())
    if len(name) > NAME_LENGTH:
        raise TextError("A name can have at most 200 characters.")
    return name


def clean_reference(text: str) -> str:
    """Return a reference or policy number as typed, in NFC and trimmed; leading zeros stay.

    Raises TextError when it is empty, longer than 64 characters, or not usable in an address.
    """
    reference = unicodedata.normalize("NFC", text).strip()
    if not reference:
        raise TextError("A reference must have at least one character.")
    if len(reference) > REFERENCE_LENGTH:
        raise TextError("A reference can have at most 64 characters.")
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in _BIDI for c in reference):
        raise TextError("A reference cannot contain control characters.")
    if _FORBIDDEN_IN_REFERENCE & set(reference):
        raise TextError("A reference cannot contain any of / \\ ? #.")
    if reference_key(reference) in RESERVED:
        raise TextError("A reference cannot be “.”, “..” or “new”.")
    return reference


def reference_key(reference: str) -> str:
    """Return the key of a reference, casefolded in Python so that all databases agree on Ö."""
    return unicodedata.normalize("NFC", reference.strip().casefold())


def lookup_key(reference: str) -> str:
    """Return the key to look up a reference that somebody typed; empty if it cannot exist."""
    key = reference_key(reference)
    # A database driver raises for these instead of finding nothing.
    return "" if any(unicodedata.category(c) in ("Cc", "Cs") for c in key) else key


def is_allotted(reference: str) -> bool:
    """Whether a reference has the form that only the book itself assigns (C-2026-000001)."""
    return ALLOTTED.fullmatch(reference_key(reference)) is not None
