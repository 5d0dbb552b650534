import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaskr.files.readers.json_lines.fast import parse_json_block
from flaskr.files.readers.json_lines.reader import parse_object
from flaskr.files.readers.options import Unreadable
from tests.files.readers.reads import read, rows_of


def test_numbers_keep_their_digits_and_keys_come_in_any_order(path):
    content = '{"a":1.10,"b":"å\\u00e5"}\n\n{"b":12345678901234567890.50}\r\n{"b":null,"a":1e999}'

    assert rows_of(path, content) == [
        (1, ("1.10", "åå")),
        (3, (None, "12345678901234567890.50")),
        (4, ("1e999", None)),
    ]


def test_a_value_that_is_not_a_text_or_number_becomes_a_sentence(path):
    content = '{"a":"x"}\n{"a":NaN}\n{"a":-Infinity}\n{"a":[1]}\n{"a":{}}\n{"a":true}\n'
    content += '{"a":"\\u0000"}\n{"a":"\\ud800"}\n{"a":" "}\n{"a":"\\ud83d\\ude00"}\n'

    rows = rows_of(path, content)

    said = [cell[:20] for _, (cell,) in rows[1:7]]
    assert said == [
        "\0NaN is not a number",
        "\0-Infinity is not a ",
        "\0This is a list or a",
        "\0This is a list or a",
        "\0This is true or fal",
        "\0The text has a NUL ",
    ]
    assert rows[7][1][0].startswith("\0The text has half a character")
    assert rows[8:] == [(10, ("😀",))]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        ('{"a":1}\n{"a":1,"b":2}\n', "Row 2 has the key “b”, which the first line lacks"),
        ('{"a":1,"a":1}\n', "Row 1 has the key “a” twice"),
        ('{"a":1}\n{"a":\n', "Row 2 cannot be read as JSON"),
        ('{"a":1}\n{"a":"\n"}\n', "Row 2 cannot be read as JSON"),
        ('{"a":1}{"a":2}\n', "Row 1 cannot be read as JSON"),
        ('{"a":1}\n1\n', "Row 2 is not a JSON object"),
        ('{"a":1}\n{"a":"\0"}\n', "Line 2 has a NUL byte"),
        ('{"a":1," A":1}\n', "Two columns are named"),
        ('{"a":1,"":1}\n', "A key of the first line is empty"),
        ("{}\n", "The file is empty"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_by_its_number(path, content, refusal):
    with pytest.raises(Unreadable, match=refusal):
        rows_of(path, content)


def test_the_titles_are_the_trimmed_keys(path):
    path.write_text('\ufeff{" a ":1}\n', encoding="utf-8")

    assert read(path)[0] == ("a",)


pieces = st.sampled_from(
    ['{"a":"x"}', '{"b":"å"}', "{}", '{"a":null}', "{", "}", '{"a":"', '"}', "\n", "\n", "\r\n"]
    + ['{"a":"\\u00e5\\n"}', '{"a":1}', '{"a":"x","a":"y"}', '{"c":"x"}', ",", " ", "\x01", "x"]
)


@settings(max_examples=6 * settings().max_examples)
@given(st.lists(pieces, min_size=1, max_size=12).map("".join))
def test_lines_left_to_arrow_are_read_as_python_reads_them(text):
    table = parse_json_block(text.encode(), ["a", "b"])
    if table is None:
        return

    objects = [parse_object(line, 1) for line in text.split("\n") if line.strip()]

    assert table.to_pylist() == [{"a": None, "b": None, **made} for made in objects]


@given(st.lists(st.text('aå😀"\\\n\t\x01{}', max_size=6) | st.none(), min_size=1, max_size=9))
def test_lines_of_texts_are_always_left_to_arrow(texts):
    lines = "".join(json.dumps({"a": text}) + "\n" for text in texts)

    assert parse_json_block(lines.encode(), ["a"]).column("a").to_pylist() == texts


def test_invalid_utf_8_is_refused_with_its_line(path):
    with pytest.raises(Unreadable, match="Line 2 is not UTF-8"):
        rows_of(path, b'{"a":"x"}\n{"a":"\xff"}\n')
