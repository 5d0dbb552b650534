import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskr.errors import TextError
from flaskr.values.text import (
    KEY_LENGTH,
    LONGEST_TEXT,
    clean_name,
    clean_reference,
    clean_text,
    is_allotted,
    lookup_key,
    reference_key,
    stored_name,
    stored_reference,
    stored_text,
    without_controls,
)

any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=80)


@given(any_text)
def test_free_text_is_cleaned_once_and_for_all_or_refused(text):
    try:
        cleaned = clean_text(text)
    except TextError:
        assert any(unicodedata.category(c) in ("Cc", "Cs") for c in text)
        return

    assert clean_text(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert "\r" not in cleaned
    cleaned.encode()


@given(any_text)
def test_a_reference_is_cleaned_once_and_for_all_or_refused(text):
    try:
        reference = clean_reference(text)
    except TextError:
        return

    assert clean_reference(reference) == reference
    assert 1 <= len(reference) <= 64
    assert len(reference_key(reference)) <= KEY_LENGTH
    assert lookup_key(reference) == reference_key(reference)


@given(any_text)
def test_a_reference_is_found_by_its_decomposed_form_too(text):
    try:
        reference = clean_reference(text)
    except TextError:
        return

    assert reference_key(unicodedata.normalize("NFD", reference)) == reference_key(reference)


def test_a_key_is_at_most_three_times_as_long_as_any_one_character():
    for character in map(chr, range(sys.maxunicode + 1)):
        composed = unicodedata.normalize("NFC", character)
        assert len(reference_key(composed)) <= 3 * len(composed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FÖ-1", "fö-1"),
        ("FÖ-1", "FO\u0308-1"),
        ("STRASSE", "straße"),
        ("ΣΑΣ", "σας"),
        ("k-1", "\u212a-1"),
        (" a ", "A"),
    ],
)
def test_references_that_only_differ_in_case_or_form_have_one_key(one, other):
    assert reference_key(one) == reference_key(other)


@pytest.mark.parametrize(("one", "other"), [("Ö", "O"), ("00123", "123"), ("a b", "ab")])
def test_references_that_differ_have_two_keys(one, other):
    assert reference_key(one) != reference_key(other)


@pytest.mark.parametrize(
    "text", ["00123", "FÖ-2023-000101", "a b", "…", "...", "x" * 64, "new-1", "2024/0012"]
)
def test_a_reference_is_kept_as_typed(text):
    assert clean_reference(f" {text}\u00a0") == text


def test_a_reference_is_kept_composed():
    assert clean_reference("FO\u0308-1") == "FÖ-1"


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "\u00a0", "x" * 65, "a\tb", "a\nb", "a\0b", "a\x7fb", "a\x85b", "a\u2028b"),
        *("a\\b", "a?b", "a#b", ".", "..", "new", "NEW", " New ", "a\ud800b"),
    ],
)
def test_a_reference_that_cannot_be_in_an_address_is_refused(text):
    with pytest.raises(TextError):
        clean_reference(text)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800", "\udfff"])
def test_text_that_cannot_be_stored_is_refused(text):
    with pytest.raises(TextError, match="cannot be stored"):
        clean_text(text)


def test_text_has_at_most_what_a_spreadsheet_cell_holds():
    assert clean_text("x" * LONGEST_TEXT)
    assert clean_text("\U0001f525" * (LONGEST_TEXT // 2))
    for long in ("x" * (LONGEST_TEXT + 1), "\U0001f525" * (LONGEST_TEXT // 2) + "x"):
        with pytest.raises(TextError, match="32.000"):
            clean_text(long)


@pytest.mark.parametrize(
    ("letter", "name"),
    [
        ("\u200b", "ZERO WIDTH SPACE"),
        ("\u00ad", "SOFT HYPHEN"),
        ("\u2060", "WORD JOINER"),
        ("\ufeff", "ZERO WIDTH NO-BREAK SPACE"),
        ("\u00a0", "NO-BREAK SPACE"),
        ("\u202f", "NARROW NO-BREAK SPACE"),
        ("\u3000", "IDEOGRAPHIC SPACE"),
        ("\u3164", "HANGUL FILLER"),
        ("\ufe0f", "VARIATION SELECTOR-16"),
        ("\t", "TABULATION"),
        ("\u202e", "RIGHT-TO-LEFT OVERRIDE"),
        ("\x01", "U.0001"),
    ],
)
def test_a_letter_of_a_reference_that_cannot_be_seen_is_refused_by_name(letter, name):
    with pytest.raises(TextError, match=rf"cannot be seen \({name}\) after “IV1”. Remove it."):
        clean_reference(f"IV1{letter}2")


@pytest.mark.parametrize("letter", ["\u200b", "\u00ad", "\u00a0", "\ufe0f"])
def test_a_reference_that_the_book_has_keeps_a_letter_that_cannot_be_seen(letter):
    reference = f"IV1{letter}2"

    assert stored_reference(reference) == reference
    assert lookup_key(reference) == reference_key(reference) != reference_key("IV12")


@pytest.mark.parametrize(
    ("letter", "name"), [("\x1b", "ESCAPE"), ("\x0b", "LINE TABULATION"), ("\x9c", "U.009C")]
)
@pytest.mark.parametrize("clean", [clean_text, clean_name])
def test_a_control_letter_in_a_text_is_refused_by_name(clean, letter, name):
    with pytest.raises(TextError, match=rf"control letter \({name}\) after “Åsa”. Remove it."):
        clean(f"Åsa{letter} Ek")


def test_tabs_and_line_breaks_are_no_control_letters():
    assert clean_text("a\tb\r\nc") == without_controls("a\tb\nc") == "a\tb\nc"
    assert without_controls("\x1b[1mred\x07") == "[1mred"


def test_a_text_that_the_book_has_keeps_a_control_letter():
    assert stored_text("a\x1bb") == "a\x1bb"
    assert stored_name("a\x1bb") == "a\x1bb"


def test_line_ends_become_one_kind():
    assert clean_text(" a\r\nb\rc\n") == "a\nb\nc"


@pytest.mark.parametrize(
    "text", ["C-2026-000001", "c-2026-000001", "P-1999-123456789012", " p-0001-000000 "]
)
def test_the_form_of_assigned_references_is_recognised_in_any_case(text):
    assert is_allotted(text)


@pytest.mark.parametrize(
    "text",
    ["C-2026-00001", "D-2026-000001", "C-26-000001", "C-2026-000001x", "C-2026-\u0661" + "0" * 5],
)
def test_other_forms_may_be_typed(text):
    assert not is_allotted(text)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800"])
def test_what_no_database_can_look_up_is_no_key(text):
    assert lookup_key(text) == ""
