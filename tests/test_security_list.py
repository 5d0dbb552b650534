"""docs/security.md answers every line of the verification standard's levels 1 and 2, once."""

import re
from collections import Counter
from collections.abc import Iterator

from tests.test_docs import DOCS, text_of

# Of each section of OWASP ASVS 5.0.0 how many lines it has, and which of them are level 3 only.
# The chapters 10 (OAuth) and 17 (WebRTC) are answered as a whole.
SECTIONS: dict[str, tuple[int, set[int]]] = {
    "1.1": (2, set()), "1.2": (10, {10}), "1.3": (12, {12}), "1.4": (3, set()), "1.5": (3, {3}),
    "2.1": (3, set()), "2.2": (3, set()), "2.3": (5, {5}), "2.4": (2, {2}),
    "3.1": (1, {1}), "3.2": (3, {3}), "3.3": (5, {5}), "3.4": (8, {7, 8}), "3.5": (8, {6, 7, 8}),
    "3.6": (1, {1}), "3.7": (5, {3, 4, 5}),
    "4.1": (5, {4, 5}), "4.2": (5, {2, 3, 4, 5}), "4.3": (2, set()), "4.4": (4, set()),
    "5.1": (1, set()), "5.2": (6, {4, 5, 6}), "5.3": (3, {3}), "5.4": (3, set()),
    "6.1": (3, set()), "6.2": (12, set()), "6.3": (8, {5, 6, 7, 8}), "6.4": (6, {5, 6}),
    "6.5": (8, {6, 7, 8}), "6.6": (4, {4}), "6.7": (2, {1, 2}), "6.8": (4, set()),
    "7.1": (3, set()), "7.2": (4, set()), "7.3": (2, set()), "7.4": (5, set()), "7.5": (3, {3}),
    "7.6": (2, set()),
    "8.1": (4, {3, 4}), "8.2": (4, {4}), "8.3": (3, {2, 3}), "8.4": (2, {2}),
    "9.1": (3, set()), "9.2": (4, set()),
    "11.1": (4, {3, 4}), "11.2": (5, {4, 5}), "11.3": (5, {4, 5}), "11.4": (4, set()),
    "11.5": (2, {2}), "11.6": (2, {2}), "11.7": (2, {1, 2}),
    "12.1": (5, {4, 5}), "12.2": (2, set()), "12.3": (5, {5}),
    "13.1": (4, {2, 3, 4}), "13.2": (6, {6}), "13.3": (4, {3, 4}), "13.4": (7, {6, 7}),
    "14.1": (2, set()), "14.2": (8, {5, 6, 7, 8}), "14.3": (3, set()),
    "15.1": (5, {4, 5}), "15.2": (5, {4, 5}), "15.3": (7, set()), "15.4": (4, {1, 2, 3, 4}),
    "16.1": (1, set()), "16.2": (5, set()), "16.3": (4, set()), "16.4": (3, set()),
    "16.5": (4, {4}),
}  # fmt: skip
ANSWERS = {"met", "not applicable", "open", "operator"}


def answers() -> list[tuple[str, str, str]]:
    """The rows of the list: lines, answer, and what does it."""
    rows = re.findall(
        r"^\| (\d[^|]*) \| ([^|]*) \| ([^|]*) \|$", text_of(DOCS / "security.md"), re.M
    )
    return [(lines, answer, what) for lines, answer, what in rows]


def lines_in(text: str) -> Iterator[str]:
    """The lines that a cell such as “3.4.3–3.4.6, 3.5.1” stands for."""
    for part in text.split(", "):
        first, _, last = part.partition("–")
        section, _, number = first.rpartition(".")
        up_to = int((last or first).rpartition(".")[2])
        assert not last or last.startswith(f"{section}.")
        yield from (f"{section}.{each}" for each in range(int(number), up_to + 1))


def test_every_line_is_answered_once():
    asked = [
        f"{section}.{number}"
        for section, (last, third_level) in SECTIONS.items()
        for number in range(1, last + 1)
        if number not in third_level
    ]

    cells = [cell for cell, _, _ in answers() if "." in cell]
    answered = Counter(line for cell in cells for line in lines_in(cell))

    assert answered == Counter(asked)
    assert {cell for cell, _, _ in answers()} - set(cells) == {"10", "17"}


def test_every_answer_is_one_of_four_with_what_does_it():
    given = {each for _, answer, _ in answers() for each in answer.split(", ")}

    assert given == ANSWERS
    assert all(what.strip() for _, _, what in answers())
