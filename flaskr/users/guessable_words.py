"""Find in a password what people build passwords from: known words, the owner's name, years."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_WORDS_FILE = Path(__file__).with_suffix(".txt")
_YEAR = r"(?:19|20)[0-9]{2}"
_INSIDE_WORDS = 4  # shorter ones are found between other characters than letters only
_LEAST = 3
# What stands for a letter, as in S0mm@r.
_STAND_INS = {"a": "4@", "e": "3", "i": "1!|", "l": "1!|", "o": "0", "s": "5$", "t": "7+"}
_STAND_INS |= {"b": "8", "g": "9", "z": "2"}
_WITHOUT_MARKS = str.maketrans({"ø": "o", "æ": "a", "ß": "ss", "đ": "d", "ł": "l"})
_ASCII_SPELLINGS = str.maketrans({"å": "aa", "ä": "ae", "ö": "oe"})


def fold(text: str) -> str:
    """Return a text without capitals and without marks on its letters: Å is a."""
    lower = unicodedata.normalize("NFKD", text.casefold()).translate(_WITHOUT_MARKS)
    return "".join(each for each in lower if not unicodedata.combining(each))


def parts_of(texts: Iterable[str]) -> set[str]:
    """Return names and addresses whole, in parts, and their parts run together: EvaEk, ekeva."""
    parts = set(texts)
    for half in {half for text in parts for half in text.split("@")}:
        pieces = re.split(r"[\s._+-]+", half)
        parts |= {half, *pieces, "".join(pieces), "".join(reversed(pieces))}
    return {part for part in parts if len(part) >= _LEAST}


def without_known_parts(password: str, personal_words: Iterable[str]) -> str | None:
    """Return what an attacker must guess beside known words and years; None if no word is known.

    Words are found whatever their capitals, marks and digits for letters, and backwards.
    """
    text, personal = fold(password), _spellings(parts_of(personal_words))
    rests = []
    for each in (text, text[::-1]):
        rest, count = _pattern_of(frozenset(personal)).subn("", each)
        further, more = _common_words().subn("", rest)
        if count + more:
            rests.append(re.sub(_YEAR, "", further))
    return min(rests, key=len) if rests else None


def _spellings(words: Iterable[str]) -> set[str]:
    """Return words without marks, and as ASCII spells them: göteborg, goteborg and goeteborg."""
    spelled = {unicodedata.normalize("NFC", word.casefold()) for word in words}
    return {fold(each) for word in spelled for each in (word, word.translate(_ASCII_SPELLINGS))}


@cache
def _common_words() -> re.Pattern[str]:
    """Return the pattern of the words in the file."""
    lines = _WORDS_FILE.read_text(encoding="utf-8").splitlines()
    words = [word for line in lines if not line.startswith("#") for word in line.split()]
    return _pattern_of(frozenset(_spellings(words)))


def _pattern_of(words: frozenset[str]) -> re.Pattern[str]:
    """Return a pattern that finds the longest of some words, with digits for letters too."""
    if not words:
        return re.compile(r"(?!)")
    in_order = sorted(words, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(_word_pattern, in_order)))


def _word_pattern(word: str) -> str:
    """Return the pattern of one word; a short one is found only where no letter is beside it."""
    letters = "".join(f"[{re.escape(each + _STAND_INS.get(each, ''))}]" for each in word)
    return letters if len(word) >= _INSIDE_WORDS else rf"(?<![a-z]){letters}(?![a-z])"
