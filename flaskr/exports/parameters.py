"""What an address of a file may be asked: its form, its columns, and the filter that pages have."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from flaskr.claims.filters import ClaimFilter
from flaskr.claims.ledger_filters import LedgerFilter
from flaskr.errors import ClaimBookError
from flaskr.exports.dictionary import COLUMNS
from flaskr.exports.queries import FileFilter
from flaskr.formats.columns import Columns
from flaskr.formats.file_formats import Dialect, FileFormat, Form
from flaskr.policies.filters import PolicyFilter
from flaskr.sources.models import Contents

Member = TypeVar("Member", bound=StrEnum)
Value = TypeVar("Value")
FILTERS: dict[Contents, type[FileFilter]] = {
    Contents.CLAIMS: ClaimFilter,
    Contents.LEDGER: LedgerFilter,
    Contents.POLICIES: PolicyFilter,
}
FILE_PARAMETERS = ("format", "dialect", "raw", "columns", "manifest")


class ParameterError(ClaimBookError):
    """A request for a file that cannot be read."""

    status = 400


@dataclass(frozen=True)
class FileRequest:
    """Which file is asked for: of what, which rows in which order, which columns, in which form."""

    contents: Contents
    wanted: FileFilter
    form: Form
    columns: Columns

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that ask for this file, in one order, without what goes by default."""
        form, names = self.form, [column.name for column in self.columns]
        asked: dict[str, Any] = {
            "format": form.file_format.value,
            "dialect": form.dialect.value if form.dialect else None,
            "raw": "1" if form.is_raw else None,
            "columns": ",".join(names) if self.columns != COLUMNS[self.contents] else None,
        }
        return {n: v for n, v in asked.items() if v is not None} | self.wanted.parameters()

    @property
    def address(self) -> str:
        """The one address that says this, without the host."""
        return f"/export_{self.contents}?{self.query_string}"

    @property
    def query_string(self) -> str:
        """The one query string that says this."""
        return urlencode(self.parameters, doseq=True)


def file_request(contents: Contents, given: MultiDict[str, str]) -> FileRequest:
    """Return which file the parameters ask for.

    Raises ParameterError or FilterError, both naming what is allowed.
    """
    wanted = FILTERS[contents].from_parameters(given, besides=FILE_PARAMETERS)
    file_format = one_of(given, "format", FileFormat) or FileFormat.CSV
    form = Form(file_format, one_of(given, "dialect", Dialect), is_one(given, "raw"))
    if file_format is not FileFormat.CSV and (form.dialect or form.is_raw):
        name = "dialect" if form.dialect else "raw"
        raise ParameterError(f"“{name}” is about CSV; {file_format} keeps texts as they are.")
    is_one(given, "manifest")
    return FileRequest(contents, wanted, form, chosen_columns(contents, given))


def once(given: MultiDict[str, str], name: str) -> str | None:
    """Return what a parameter says; raises ParameterError when it is given more than once."""
    texts = given.getlist(name)
    if len(texts) > 1:
        raise ParameterError(f"“{name}” is given more than once; give it once.")
    return texts[0] if texts else None


def one_of(given: MultiDict[str, str], name: str, allowed: type[Member]) -> Member | None:
    """Return the member of a closed list that a parameter names; None when it is not given."""
    text = once(given, name)
    if text is None:
        return None
    return refused_unless(text, name, list(allowed), allowed)


def refused_unless(text: str, name: str, allowed: list[str], read: Callable[[str], Value]) -> Value:
    """Read a text that must be one of those allowed; raises ParameterError naming them."""
    if text not in allowed:
        raise ParameterError(f"“{text[:40]}” is no {name}: it takes {', '.join(allowed)}.")
    return read(text)


def is_one(given: MultiDict[str, str], name: str) -> bool:
    """Return whether a switch is on, which is 1."""
    text = once(given, name)
    return text is not None and refused_unless(text, name, ["1"], bool)


def chosen_columns(contents: Contents, given: MultiDict[str, str]) -> Columns:
    """Return the columns that are asked for, in that order; all of them when none are."""
    text = once(given, "columns")
    every = {column.name: column for column in COLUMNS[contents]}
    if text is None:
        return COLUMNS[contents]
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in every:
            raise ParameterError(
                f"“{name[:40]}” is no column of {contents}: there are {', '.join(every)}."
            )
    if len(names) != len(set(names)):
        raise ParameterError("A column is named more than once in columns; name each once.")
    return tuple(every[name] for name in names)
