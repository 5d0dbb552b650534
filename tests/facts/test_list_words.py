from enum import StrEnum

import pytest

from flaskr.facts import words
from flaskr.facts.closed_lists import Cause, LineOfBusiness, Status
from flaskr.facts.words import folded_word, members_by_word

LISTS = list(words._WORDS)


@pytest.mark.parametrize("values", LISTS)
def test_a_word_stands_for_one_value_of_a_list(values: type[StrEnum]):
    of_list = words._WORDS[values]
    said = [(folded_word(each), member) for member in of_list for each in of_list[member]]
    said += [(folded_word(member), member) for member in values]

    assert len({word for word, _ in said}) == len(set(said))
    assert all(members_by_word(values)[word] is member for word, member in said)


@pytest.mark.parametrize(
    ("values", "text", "member"),
    [
        (Cause, "Damage to others", Cause.DAMAGE_TO_OTHERS),
        (Cause, "DAMAGE-TO-OTHERS", Cause.DAMAGE_TO_OTHERS),
        (Cause, " VattenSkada", Cause.WATER),
        (Cause, "sto\u0308ld", Cause.THEFT),
        (LineOfBusiness, "Hemförsäkring", LineOfBusiness.HOME),
        (Status, "Öppen", Status.OPEN),
        (Status, "RE-OPENED", Status.REOPENED),
    ],
)
def test_case_blanks_hyphens_and_underscores_do_not_matter(values, text, member):
    assert members_by_word(values)[folded_word(text)] is member


@pytest.mark.parametrize("text", ["Eldsvåda", "inbrott", "wat", "", "-"])
def test_other_words_stand_for_nothing(text):
    assert folded_word(text) not in members_by_word(Cause)
