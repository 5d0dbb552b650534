"""Clean and check references, names and free text."""

import re
import unicodedata

from flaskr.errors import TextError
from flaskr.values.identity_numbers import check_reference

REFERENCE_LENGTH = 64
KEY_LENGTH = 3 * REFERENCE_LENGTH  # casefolding makes up to three characters of one
LONGEST_TEXT = 32_000  # UTF-16 units: a spreadsheet cell holds a few more
NAME_LENGTH = 200
CONTROL_LETTER = "The text has a control letter"
_FORBIDDEN_IN_REFERENCE = set("\\?#")
# Bidirectional controls change the order of letters: one number could look like another.
_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Letters of other categories that show nothing, or nothing but a blank.
_BLANK_LETTERS = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_HIDDEN_CATEGORIES = ("Cc", "Cf", "Zs", "Zl", "Zp")
_CONTROL_NAMES = {
    "\a": "BELL",
    "\b": "BACKSPACE",
    "\t": "TABULATION",
    "\n": "LINE FEED",
    "\v": "LINE TABULATION",
    "\f": "FORM FEED",
    "\r": "CARRIAGE RETURN",
    "\x1b": "ESCAPE",
    "\x7f": "DELETE",
    "\x85": "NEXT LINE",
}
RESERVED = {".", "..", "new"}
ALLOTTED = re.compile(r"[cp]-[0-9]{4}-[0-9]{6,12}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def stored_text(text: str) -> str:
    """Return free text as the book may have it: NFC, trimmed, LF as line end.

    Raises TextError if it is not storable. It may have control letters, which earlier versions
    accepted; `clean_text` is for new text.
    """
    cleaned = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if "\0" in cleaned or any("\ud800" <= character <= "\udfff" for character in cleaned):
        raise TextError("The text has a character that cannot be stored; remove it and try again.")
    if len(cleaned) + sum(character > "\uffff" for character in cleaned) > LONGEST_TEXT:
        raise TextError("The text is longer than 32\u202f000 characters.")
    return cleaned


def clean_text(text: str) -> str:
    """Return new free text as `stored_text` does; control letters raise TextError with a name.

    Tabs and line breaks are accepted.
    """
    cleaned = stored_text(text)
    if found := _CONTROL.search(text):
        raise TextError(
            f"{CONTROL_LETTER} ({_letter_name(found[0])}){_place(text, found.start())}. Remove it."
        )
    return cleaned


def without_controls(text: str) -> str:
    """Return a text without control letters; tabs and line breaks stay."""
    return _CONTROL.sub("", text)


def stored_name(text: str) -> str:
    """Return a name as the book may have it: `stored_text` on one line, at most 200 characters."""
    return _one_line(stored_text(text))


def clean_name(text: str) -> str:
    """Return a name in NFC on one line; raises TextError when it is longer than 200 characters."""
    return _one_line(clean_text(text))


def _one_line(text: str) -> str:
    """Return a text on one line; raises TextError when it is longer than a name can be."""
    name = " ".join(text.split())
    if len(name) > NAME_LENGTH:
        raise TextError("A name can have at most 200 characters.")
    return name


def stored_reference(text: str) -> str:
    """Return a reference as the book may have it: as typed, in NFC and trimmed.

    It may have letters that cannot be seen, which earlier versions accepted; `clean_reference` is
    for new references. Raises TextError when it is empty, longer than 64 characters, or reserved.
    """
    reference = unicodedata.normalize("NFC", text).strip()
    if not reference:
        raise TextError("A reference must have at least one character.")
    if len(reference) > REFERENCE_LENGTH:
        raise TextError("A reference can have at most 64 characters.")
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in _BIDI for c in reference):
        hidden = next((place for place in enumerate(reference) if _is_hidden(place[1])), None)
        if hidden:
            raise _hidden_error(reference, *hidden)
        raise TextError("A reference cannot contain half a character (a lone surrogate).")
    if _FORBIDDEN_IN_REFERENCE & set(reference):
        raise TextError("A reference cannot contain any of \\ ? #.")
    if reference_key(reference) in RESERVED:
        raise TextError("A reference cannot be “.”, “..” or “new”.")
    return reference


def clean_reference(text: str) -> str:
    """Return a new reference or policy number as typed, in NFC and trimmed; leading zeros stay.

    Raises TextError when it is empty, longer than 64 characters, reserved, or has a letter that
    cannot be seen or an identity number.
    """
    reference = stored_reference(text)
    for at, letter in enumerate(reference):
        if letter != " " and _is_hidden(letter):
            raise _hidden_error(reference, at, letter)
    return check_reference(reference)


def _is_hidden(letter: str) -> bool:
    """Whether a letter cannot be seen, or looks like the blank that it is not."""
    if letter.isascii() and letter.isprintable():
        return False
    return unicodedata.category(letter) in _HIDDEN_CATEGORIES or _is_filler(letter)


def _is_filler(letter: str) -> bool:
    """Whether a letter of another category shows nothing: a filler, or a variation selector."""
    is_selector = "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
    return letter in _BLANK_LETTERS or is_selector


def _hidden_error(reference: str, at: int, letter: str) -> TextError:
    """Return the error for a letter of a reference that cannot be seen."""
    return TextError(
        f"The reference has a letter that cannot be seen ({_letter_name(letter)})"
        f"{_place(reference, at)}. Remove it."
    )


def _letter_name(letter: str) -> str:
    """Return the name of a letter in Unicode, or its number: U+0001."""
    return _CONTROL_NAMES.get(letter) or unicodedata.name(letter, "") or f"U+{ord(letter):04X}"


def _place(text: str, at: int) -> str:
    """Return where in a text a letter is, as a sentence says it: after “IV1”."""
    before = "".join(letter for letter in text[:at].lstrip() if letter.isprintable())[-20:]
    return f" after “{before}”" if before else " at the beginning"


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
