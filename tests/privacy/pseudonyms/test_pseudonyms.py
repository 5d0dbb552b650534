"""Pseudonyms are the HMAC of the folded name: one per name and key."""

import hashlib
import hmac
import unicodedata

import pyarrow as pa
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flaskr.errors import TextError
from flaskr.exports.making.pseudonyms import pseudonyms_of
from flaskr.files.formats import ExportError
from flaskr.values.pseudonyms import Pseudonyms, pseudonym, pseudonym_column
from flaskr.values.text import clean_name

KEY = "a key that nobody can guess 0123456789"


def is_clean(text: str) -> bool:
    try:
        return bool(clean_name(text))
    except TextError:
        return False


NAMES = st.text(max_size=40).filter(is_clean).map(clean_name)


def expected(name: str, key: str = KEY) -> str:
    """HMAC-SHA256 by the standard library, over the name in NFC, folded."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return hmac.digest(key.encode(), folded.encode(), hashlib.sha256).hex()[:20] if name else ""


@given(st.lists(NAMES | st.just(""), max_size=8))
def test_a_pseudonym_is_the_hmac_of_the_folded_name_and_empty_if_erased(names):
    assert Pseudonyms(KEY).of(names) == [expected(name) for name in names]


@pytest.mark.parametrize("key", ["k", "k" * 64, "k" * 65, "ö" * 40])
def test_keys_of_every_length_give_standard_hmac(key):
    assert Pseudonyms(key).of([NAME := "Åsa"]) == [expected(NAME, key)]


def test_the_pseudonym_of_a_name_never_changes():
    assert Pseudonyms("a key of the tests").of(["Åsa Utterström"]) == ["d352ff5c96cb6c47f5f9"]
    assert Pseudonyms("k" * 100).of(["Åsa Utterström"]) == ["6908c172ebc16c362333"]


def test_case_and_unicode_form_do_not_change_a_pseudonym():
    spellings = ["Åsa Öberg", "ÅSA ÖBERG", "åsa öberg", unicodedata.normalize("NFD", "Åsa Öberg")]

    assert len(set(Pseudonyms(KEY).of(spellings))) == 1
    assert len(set(Pseudonyms(KEY).of(["Åsa Öberg", "Asa Oberg", "Åsa Öber"]))) == 3


def test_a_name_of_several_lines_does_not_move_the_others():
    assert Pseudonyms(KEY).of(["a\nb", "c"]) == [expected("a b"), expected("c")]


def test_another_key_gives_other_pseudonyms_in_a_column_of_another_name():
    seen = set()
    for key in (KEY, KEY + "!"):
        book = Flask(__name__)
        book.config["PSEUDONYM_KEY"] = key
        with book.app_context():
            seen.add((pseudonym("Åsa"), pseudonym_column()))

    (one, first), (other, second) = seen
    assert one != other
    assert first != second
    assert len(one) == 20
    assert len(first) == len("policyholder_") + 8


def test_a_column_is_hidden_batch_by_batch_as_name_by_name():
    names = ["Åsa", "", "Bo", "Åsa", "ÅSA"]

    hidden = pseudonyms_of(pa.array(names), KEY)

    assert hidden.to_pylist() == [expected(name) for name in names]
    assert pseudonyms_of(pa.array([], pa.string()), KEY).to_pylist() == []


def test_without_a_key_no_file_is_made():
    with pytest.raises(ExportError, match="no key"):
        pseudonyms_of(pa.array(["Åsa"]), None)
