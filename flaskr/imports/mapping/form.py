"""The form that says how the files of an import are to be read: what it sends."""

from collections.abc import Mapping
from typing import Any

from flaskr.errors import ClaimBookError
from flaskr.facts.closed_lists import Contents
from flaskr.files.readers.options import Encoding
from flaskr.imports.jobs import Job
from flaskr.imports.mapping.as_read import file_mappings
from flaskr.imports.mapping.file_mapping import UNDECIDED, FileMapping
from flaskr.imports.tasks import DayOrder

_LAST_ROW = 1_048_576
_NO_CHOICES: dict[str, Any] = {"columns": {}, "constants": {}, "values": {}}


class _UnknownChoice(ClaimBookError):
    """A choice that the form did not offer."""

    status = 400


def requested_files(job: Job, sent: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """Return the files of an import with the options that a form chose; raises _UnknownChoice."""
    pairs = zip(job.request.files, file_mappings(job), strict=True)
    return tuple({**file, **_requested_file(mapping, file, sent)} for file, mapping in pairs)


def _requested_file(
    mapping: FileMapping, file: Mapping[str, Any], sent: Mapping[str, str]
) -> dict[str, Any]:
    """Return the options that a form chose for one file.

    Other contents, another sheet, encoding or row of titles resets the mapping of its columns."""
    at = mapping.at
    contents = _one_of(sent.get(f"contents-{at}", mapping.contents), ("", *Contents))
    encoding = _one_of(sent.get(f"encoding-{at}", mapping.encoding), tuple(Encoding))
    sheet = _one_of(sent.get(f"sheet-{at}", mapping.sheet), ("", mapping.sheet, *mapping.sheets))
    header_row = _row_number(sent.get(f"header_row-{at}", str(mapping.header_row)))
    options: dict[str, Any] = {
        "encoding": encoding,
        "sheet": sheet,
        "header_row": header_row,
        "day_order": _one_of(sent.get(f"day_order-{at}", mapping.day_order), tuple(DayOrder)),
        **_ticked(mapping, sent),
    }
    if contents != mapping.contents:
        return {**options, "contents": contents, **_NO_CHOICES}
    where = (mapping.sheet, mapping.encoding, mapping.header_row)
    if (sheet, encoding, header_row) != where:
        return {**options, **_NO_CHOICES}
    if not mapping.columns:
        return {**options, "contents": file.get("contents", "") or contents}
    offered = ("", UNDECIDED, *mapping.names)
    columns = {
        column.title: name
        for number, column in enumerate(mapping.columns)
        if (name := _one_of(sent.get(f"column-{at}-{number}", column.name), offered))
        not in (column.default_name, UNDECIDED)
    }
    texts = {each.name: sent.get(f"constant-{at}-{each.name}", "") for each in mapping.constants}
    constants = {name: value.strip() for name, value in texts.items() if value.strip()}
    values = _chosen_values(mapping, sent)
    return {**options, "columns": columns, "constants": constants, "values": values}


def _ticked(mapping: FileMapping, sent: Mapping[str, str]) -> dict[str, bool]:
    """Return the boxes that are ticked; a form that does not show them leaves them as they are."""
    boxes = {
        "is_raw": "raw",
        "takes_totals": "totals",
        "takes_hidden": "hidden",
        "strips_controls": "strip",
        "takes_identity_numbers": "numbers",
    }
    is_shown = f"contents-{mapping.at}" in sent
    return {
        name: bool(sent.get(f"{box}-{mapping.at}")) if is_shown else getattr(mapping, name)
        for name, box in boxes.items()
    }


def _row_number(text: str) -> int:
    """Return the number of a row, 0 for an empty text; raises _UnknownChoice."""
    digits = text.strip() or "0"
    if not (digits.isascii() and digits.isdigit()) or int(digits) > _LAST_ROW:
        raise _UnknownChoice(f"The row of the titles is a number up to {_LAST_ROW}.")
    return int(digits)


def _chosen_values(mapping: FileMapping, sent: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the values that texts of the file stand for, by the book's column."""
    values: dict[str, dict[str, str]] = {}
    for number, each in enumerate(mapping.values):
        chosen = sent.get(f"value-{mapping.at}-{number}", each.value)
        if _one_of(chosen, ("", *each.choices)):
            values.setdefault(each.name, {})[each.text] = chosen
    return values


def _one_of(value: str, choices: tuple[str, ...]) -> str:
    """Return a choice that was offered; raises _UnknownChoice for another."""
    if value not in choices:
        raise _UnknownChoice("That choice is not on the list. Open the page again.")
    return str(value)
