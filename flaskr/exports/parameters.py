"""The parameters of an export address: format, columns, and the filters that pages have."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from flaskr.audit.filters import TrailFilter
from flaskr.claims.filters import ClaimFilter
from flaskr.claims.ledger.filters import LedgerFilter
from flaskr.claims.queries import claim_by_reference, has_event
from flaskr.claims.revisions.filters import RevisionFilter
from flaskr.errors import ClaimBookError
from flaskr.exports.dictionary import NAMING_COLUMNS, available_columns, default_columns
from flaskr.exports.queries import FileFilter
from flaskr.facts.closed_lists import Contents, FileContents, RevisionContents, TrailContents
from flaskr.facts.columns import Columns
from flaskr.files.formats import Dialect, FileFormat, OutputFormat
from flaskr.policies.filters import PolicyFilter
from flaskr.policies.queries import policy_by_number
from flaskr.values.identity_numbers import IN_TEXT, has_identity_number
from flaskr.values.pseudonyms import NamesWithheld, may_ask_for_names, may_include_names, sees_names
from flaskr.values.text import clean_text

Member = TypeVar("Member", bound=StrEnum)
Value = TypeVar("Value")
FILTERS: dict[FileContents, type[FileFilter]] = {
    Contents.CLAIMS: ClaimFilter,
    Contents.LEDGER: LedgerFilter,
    Contents.POLICIES: PolicyFilter,
    RevisionContents.REVISIONS: RevisionFilter,
    TrailContents.TRAIL: TrailFilter,
}
FEEDS = (Contents.LEDGER, RevisionContents.REVISIONS)  # which a reader follows by `since`
FILE_PARAMETERS = ("format", "dialect", "raw", "columns", "manifest", "reason")
_FREE_TEXTS = ("text", "who", "subject", "why", "request_id")
_IN_BOOK: dict[str, Callable[[str], Any]] = {
    "claim": claim_by_reference,
    "policy": policy_by_number,
    "event_code": has_event,
}
SHORTEST_REASON, LONGEST_REASON = 3, 200


class ParameterError(ClaimBookError):
    """A request for a file has an invalid parameter."""

    status = 400


@dataclass(frozen=True)
class FileRequest:
    """A request for a file: contents, filter and order of the rows, columns and format.

    `has_names`: the file may have names; `searches_names`: a text filter searches names too.
    `reason` is why names are needed; it does not change the file otherwise.
    """

    contents: FileContents
    row_filter: FileFilter
    output_format: OutputFormat
    columns: Columns
    has_names: bool
    searches_names: bool
    reason: str = ""

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The parameters of this request, in a fixed order and without default values."""
        form, names = self.output_format, [column.name for column in self.columns]
        parameters: dict[str, Any] = {
            "format": form.file_format.value,
            "dialect": form.dialect.value if form.dialect else None,
            "raw": "1" if form.is_raw else None,
            "columns": None if self.has_all_columns else ",".join(names),
        }
        return {n: v for n, v in parameters.items() if v is not None} | self.row_filter.parameters()

    @cached_property
    def has_all_columns(self) -> bool:
        """Whether the file has the columns that it has if its address names none."""
        return self.columns == default_columns(self.contents, self.has_names)

    @property
    def is_identified(self) -> bool:
        """Whether a column may identify people."""
        return any(column.name in NAMING_COLUMNS for column in self.columns)

    @cached_property
    def cache_key(self) -> str:
        """A text that identifies this file: the address and what the reader may see.

        A reader who sends the tag of a spooled file gets it only if this is equal.
        """
        names = ",".join(column.name for column in self.columns)
        return f"{self.address} {names} {'found by names' if self.searches_names else ''}"

    @property
    def address(self) -> str:
        """The canonical address of this request, without the host."""
        return f"/export_{self.contents}?{self.query_string}"

    @property
    def trail_address(self) -> str:
        """The address for the trail, which is permanent: without texts that may be names.

        Of references it has those that are in the book; anything may be typed in their place.
        """
        typed = self.parameters
        told: dict[str, Any] = {name: "*" for name in _FREE_TEXTS if typed.get(name)}
        told |= {name: _told(name, typed[name]) for name in _IN_BOOK if typed.get(name)}
        return f"/export_{self.contents}?{urlencode(typed | told, doseq=True, safe='*')}"

    @cached_property
    def query_string(self) -> str:
        """The canonical query string of this request."""
        return urlencode(self.parameters, doseq=True)


def _told(name: str, value: str | list[str]) -> list[str]:
    """Return the references of a parameter, with an asterisk for each that is not in the book."""
    references = [value] if isinstance(value, str) else value
    return [each if _IN_BOOK[name](each) else "*" for each in references]


def file_request(contents: FileContents, parameters: MultiDict[str, str]) -> FileRequest:
    """Return the request that the parameters of an address make.

    Raises ParameterError or FilterError, both naming what is allowed, and NamesWithheld.
    """
    reason = _parse_reason(parameters)
    has_names = may_include_names(reason)
    row_filter = FILTERS[contents].from_parameters(parameters, ignored=FILE_PARAMETERS)
    file_format = parse_choice(parameters, "format", FileFormat) or FileFormat.CSV
    form = OutputFormat(
        file_format, parse_choice(parameters, "dialect", Dialect), _is_switch_on(parameters, "raw")
    )
    if file_format is not FileFormat.CSV and (form.dialect or form.is_raw):
        name = "dialect" if form.dialect else "raw"
        raise ParameterError(f"“{name}” is only for CSV; {file_format} never changes texts.")
    _is_switch_on(parameters, "manifest")
    columns = _chosen_columns(contents, parameters, has_names)
    return FileRequest(contents, row_filter, form, columns, has_names, sees_names.get(), reason)


def _parse_reason(parameters: MultiDict[str, str]) -> str:
    """Return the reason for which names are requested; empty if none is given."""
    text = _single_value(parameters, "reason")
    if text is None:
        return ""
    reason = clean_text(text)
    if has_identity_number(reason):
        raise ParameterError(f"{IN_TEXT}, which the trail would keep. Leave it out of the reason.")
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON or len(reason.splitlines()) > 1:
        raise ParameterError("“reason” takes a text of 3 to 200 characters on one line.")
    return reason


def _single_value(parameters: MultiDict[str, str], name: str) -> str | None:
    """Return the value of a parameter; raises ParameterError if it is given more than once."""
    texts = parameters.getlist(name)
    if len(texts) > 1:
        raise ParameterError(f"“{name}” is given more than once; give it once.")
    return texts[0] if texts else None


def parse_choice(
    parameters: MultiDict[str, str], name: str, allowed: type[Member]
) -> Member | None:
    """Return the member of a closed list that a parameter names; None if it is not given."""
    text = _single_value(parameters, name)
    if text is None:
        return None
    return _parse_allowed(text, name, list(allowed), allowed)


def _parse_allowed(text: str, name: str, allowed: list[str], read: Callable[[str], Value]) -> Value:
    """Parse a text that must be among the allowed ones; raises ParameterError naming them."""
    if text not in allowed:
        raise ParameterError(
            f"“{text[:40]}” is not valid for “{name}”; choose one of {', '.join(allowed)}."
        )
    return read(text)


def _is_switch_on(parameters: MultiDict[str, str], name: str) -> bool:
    """Return whether a switch parameter is on; the only allowed value is 1."""
    text = _single_value(parameters, name)
    return text is not None and _parse_allowed(text, name, ["1"], bool)


def _chosen_columns(
    contents: FileContents, parameters: MultiDict[str, str], has_names: bool
) -> Columns:
    """Return the requested columns in the requested order; the usual ones if none are named."""
    text = _single_value(parameters, "columns")
    if text is None:
        return default_columns(contents, has_names)
    every = {column.name: column for column in available_columns(contents, has_names)}
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name in NAMING_COLUMNS and name not in every:
            _refuse_naming(contents, name)
        if name not in every:
            raise ParameterError(
                f"“{name[:40]}” is not a column of {contents}. The columns are {', '.join(every)}."
            )
    if len(names) != len(set(names)):
        raise ParameterError("“columns” names a column more than once; name each once.")
    return tuple(every[name] for name in names)


def _refuse_naming(contents: FileContents, name: str) -> None:
    """Raise NamesWithheld for a column that may name people; the message names an alternative."""
    every = available_columns(contents, has_names=True)
    if name not in {column.name for column in every}:
        return
    if may_ask_for_names():
        raise NamesWithheld(f"“{name}” may contain names: say why you need it, with reason=.")
    stand_ins = [
        column.name for column in available_columns(contents, False) if column.hides == name
    ]
    instead = f"ask for {stand_ins[0]}, its pseudonym" if stand_ins else "leave it out"
    raise NamesWithheld(f"“{name}” may contain names, and is not available here: {instead}.")
