"""What an address of a file may be asked: its form, its columns, and the filter that pages have."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from flaskr.audit.filters import TrailFilter
from flaskr.claims.filters import ClaimFilter
from flaskr.claims.ledger.filters import LedgerFilter
from flaskr.errors import ClaimBookError
from flaskr.exports.dictionary import NAMING, given_columns
from flaskr.exports.queries import FileFilter
from flaskr.facts.columns import Columns
from flaskr.facts.lists import Contents, FileContents, TrailContents
from flaskr.files.formats import Dialect, FileFormat, Form
from flaskr.policies.filters import PolicyFilter
from flaskr.values.pseudonyms import NamesWithheld, may_ask_for_names, may_include_names, sees_names
from flaskr.values.text import clean_text

Member = TypeVar("Member", bound=StrEnum)
Value = TypeVar("Value")
FILTERS: dict[FileContents, type[FileFilter]] = {
    Contents.CLAIMS: ClaimFilter,
    Contents.LEDGER: LedgerFilter,
    Contents.POLICIES: PolicyFilter,
    TrailContents.TRAIL: TrailFilter,
}
FILE_PARAMETERS = ("format", "dialect", "raw", "columns", "manifest", "reason")
_FREE_TEXTS = ("text", "who", "subject")
SHORTEST_REASON, LONGEST_REASON = 3, 200


class ParameterError(ClaimBookError):
    """A request for a file that cannot be read."""

    status = 400


@dataclass(frozen=True)
class FileRequest:
    """Which file is asked for: of what, which rows in which order, which columns, in which form.

    `has_names` where those who ask get names, `finds_names` where a text is sought in names too;
    `reason` is why, and changes nothing else.
    """

    contents: FileContents
    wanted: FileFilter
    form: Form
    columns: Columns
    has_names: bool
    finds_names: bool
    reason: str = ""

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that ask for this file, in one order, without what goes by default."""
        form, names = self.form, [column.name for column in self.columns]
        asked: dict[str, Any] = {
            "format": form.file_format.value,
            "dialect": form.dialect.value if form.dialect else None,
            "raw": "1" if form.is_raw else None,
            "columns": None if self.has_all_columns else ",".join(names),
        }
        return {n: v for n, v in asked.items() if v is not None} | self.wanted.parameters()

    @property
    def has_all_columns(self) -> bool:
        """Whether no columns were picked."""
        return self.columns == given_columns(self.contents, self.has_names)

    @property
    def is_identified(self) -> bool:
        """Whether a column may say who somebody is."""
        return any(column.name in NAMING for column in self.columns)

    @property
    def asked(self) -> str:
        """What tells this file from all others: the address, and what its reader may see.

        Who names the tag of a file that others may see is compared by this.
        """
        names = ",".join(column.name for column in self.columns)
        return f"{self.address} {names} {'found by names' if self.finds_names else ''}"

    @property
    def address(self) -> str:
        """The one address that says this, without the host."""
        return f"/export_{self.contents}?{self.query_string}"

    @property
    def told_address(self) -> str:
        """The address as the trail keeps it: for ever, so without a text that may be a name."""
        parameters = self.parameters
        parameters |= {name: "*" for name in _FREE_TEXTS if parameters.get(name)}
        return f"/export_{self.contents}?{urlencode(parameters, doseq=True, safe='*')}"

    @property
    def query_string(self) -> str:
        """The one query string that says this."""
        return urlencode(self.parameters, doseq=True)


def file_request(contents: FileContents, given: MultiDict[str, str]) -> FileRequest:
    """Return which file the parameters ask for.

    Raises ParameterError or FilterError, both naming what is allowed, and NamesWithheld.
    """
    reason = _given_reason(given)
    has_names = may_include_names(reason)
    wanted = FILTERS[contents].from_parameters(given, ignored=FILE_PARAMETERS)
    file_format = one_of(given, "format", FileFormat) or FileFormat.CSV
    form = Form(file_format, one_of(given, "dialect", Dialect), _is_one(given, "raw"))
    if file_format is not FileFormat.CSV and (form.dialect or form.is_raw):
        name = "dialect" if form.dialect else "raw"
        raise ParameterError(f"“{name}” is only for CSV; {file_format} never changes texts.")
    _is_one(given, "manifest")
    columns = _chosen_columns(contents, given, has_names)
    return FileRequest(contents, wanted, form, columns, has_names, sees_names.get(), reason)


def _given_reason(given: MultiDict[str, str]) -> str:
    """Return for what names are asked for; empty when it is not said."""
    text = _once(given, "reason")
    if text is None:
        return ""
    reason = clean_text(text)
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON or len(reason.splitlines()) > 1:
        raise ParameterError("“reason” takes a text of 3 to 200 characters on one line.")
    return reason


def _once(given: MultiDict[str, str], name: str) -> str | None:
    """Return what a parameter says; raises ParameterError when it is given more than once."""
    texts = given.getlist(name)
    if len(texts) > 1:
        raise ParameterError(f"“{name}” is given more than once; give it once.")
    return texts[0] if texts else None


def one_of(given: MultiDict[str, str], name: str, allowed: type[Member]) -> Member | None:
    """Return the member of a closed list that a parameter names; None when it is not given."""
    text = _once(given, name)
    if text is None:
        return None
    return _refused_unless(text, name, list(allowed), allowed)


def _refused_unless(
    text: str, name: str, allowed: list[str], read: Callable[[str], Value]
) -> Value:
    """Read a text that must be one of those allowed; raises ParameterError naming them."""
    if text not in allowed:
        raise ParameterError(
            f"“{text[:40]}” is not valid for “{name}”; choose one of {', '.join(allowed)}."
        )
    return read(text)


def _is_one(given: MultiDict[str, str], name: str) -> bool:
    """Return whether a switch is on, which is 1."""
    text = _once(given, name)
    return text is not None and _refused_unless(text, name, ["1"], bool)


def _chosen_columns(contents: FileContents, given: MultiDict[str, str], has_names: bool) -> Columns:
    """Return the columns that are asked for, in that order; all of them when none are."""
    text = _once(given, "columns")
    columns = given_columns(contents, has_names)
    every = {column.name: column for column in columns}
    if text is None:
        return columns
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name in NAMING and name not in every:
            _refuse_naming(contents, name)
        if name not in every:
            raise ParameterError(
                f"“{name[:40]}” is not a column of {contents}. The columns are {', '.join(every)}."
            )
    if len(names) != len(set(names)):
        raise ParameterError("“columns” names a column more than once; name each once.")
    return tuple(every[name] for name in names)


def _refuse_naming(contents: FileContents, name: str) -> None:
    """Raise NamesWithheld for a column that may name people, with what can be asked for instead."""
    every = given_columns(contents, has_names=True)
    if name not in {column.name for column in every}:
        return
    if may_ask_for_names():
        raise NamesWithheld(f"“{name}” may contain names: say why you need it, with reason=.")
    stand_ins = [column.name for column in given_columns(contents, False) if column.hides == name]
    instead = f"ask for {stand_ins[0]}, its pseudonym" if stand_ins else "leave it out"
    raise NamesWithheld(f"“{name}” may contain names, and is not available here: {instead}.")
