"""JSON lists of objects, read as JSON lines are."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskr.files.readers import text_files
from flaskr.files.readers.options import Unreadable
from tests.files.readers.reads import read, rows_of

texts = st.text(st.sampled_from('a"\\{}[],:\n\t å😀/'), max_size=8)
objects = st.lists(st.fixed_dictionaries({"a": texts, "b": texts}), min_size=1, max_size=8)


@given(objects=objects, block=st.integers(1, 40), indent=st.sampled_from([None, 1]))
def test_a_list_is_read_as_its_objects_on_lines_wherever_blocks_end(
    tmp_path_factory, objects, block, indent
):
    folder = tmp_path_factory.mktemp("lists")
    lines = "\n".join(json.dumps(each) for each in objects)
    expected = rows_of(folder / "lines", lines)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_files, "_READ_BYTES", block)
        for is_ascii in (True, False):
            content = json.dumps(objects, indent=indent, ensure_ascii=is_ascii)
            assert rows_of(folder / "list", content) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("lines", ["\n", "\r\n", ""])
def test_numbers_keep_their_digits_and_rows_their_numbers(path, encoding, lines):
    content = lines.join(["[", '{"a": 1.50, "b": "1,5"},', '{"b": null,', ' "a": 1e2}', "]", ""])

    assert rows_of(path, content.encode(encoding)) == [(1, ("1.50", "1,5")), (2, ("1e2", None))]


def test_what_pandas_and_polars_write_by_default_as_records_is_read(path):
    frame = pd.DataFrame({"a": ["x", 'å"/'], "b": [1.5, np.nan]})
    file = io.StringIO()

    frame.to_json(file, orient="records")
    compact = rows_of(path, file.getvalue())
    pretty = rows_of(path, frame.to_json(orient="records", indent=2))

    assert compact == pretty == [(1, ("x", "1.5")), (2, ('å"/', None))]


@pytest.mark.parametrize("orient", ["columns", "index", "split", "table"])
@pytest.mark.parametrize("indent", [0, 2])
def test_other_forms_of_pandas_are_refused_with_the_one_to_write(path, orient, indent):
    frame = pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})

    with pytest.raises(Unreadable, match="one object a line|Write a list of objects"):
        rows_of(path, frame.to_json(orient=orient, indent=indent))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "The file is empty"),
        ("[\n]", "The file is empty"),
        ('[{"a":1}', "The list has no end: the file may be incomplete"),
        ('[{"a":1},{"a"', "The list has no end"),
        ('[{"a":"]}', "The list has no end"),
        ('[{"a":1}] x', "text after the end of the list"),
        ('[{"a":1}]\n{"a":2}', "text after the end of the list"),
        ('[{"a":1} {"a":2}]', "Row 1 cannot be read as JSON. Write a list of objects"),
        ('[{"a":1]}', "text after the end|cannot be read as JSON"),
        ("[[1,2],[3,4]]", "Row 1 is not a JSON object. Write a list of objects"),
        ('[{"a":1},2]', "Row 2 is not a JSON object"),
        ('[{"a":1},{"b":2}]', "Row 2 has the key “b”, which the first line lacks"),
        ('[{"a":1,"a":2}]', "Row 1 has the key “a” twice"),
    ],
)
def test_a_list_that_is_broken_is_refused(path, content, said):
    with pytest.raises(Unreadable, match=said):
        rows_of(path, content)


def test_nested_values_and_truth_are_sentences(path):
    ((_, cells),) = rows_of(path, '[{"a": 1, "b": [1, {"c": "]"}], "c": true}]')

    assert cells[0] == "1"
    assert all(cell.startswith("\0") for cell in cells[1:])


def test_a_long_list_is_read_in_blocks(path):
    rows = [{"a": str(number), "b": "x" * 90} for number in range(60_000)]
    path.write_text(json.dumps(rows))

    _, found, _ = read(path)

    assert [(row, cells[0]) for row, cells in found] == [(n + 1, str(n)) for n in range(60_000)]
