"""The versions of a file of revisions: conditions and order, from the URL's parameters."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

from flaskr.book.sealing.queries import parse_seal
from flaskr.book.sealing.since import Since
from flaskr.claims.revisions.queries import fact_versions
from flaskr.facts.closed_lists import Versioned
from flaskr.web.list_filters import RECORDED, Filter
from flaskr.web.parameters import ParameterType, choice_parameter, parameter_field


def _parse_since(text: str) -> Since:
    """Parse a seal; the number of a ledger entry says nothing about facts."""
    return Since(parse_seal(text))


@dataclass(frozen=True, kw_only=True)
class RevisionFilter(Filter):
    """Which versions; a version must meet every condition that is given.

    `since` selects what was recorded or replaced after a seal. Versions are in the order of kind,
    then of their claims' or policies' recording, then of their own numbers.
    """

    sort: str = parameter_field(ParameterType(str), RECORDED)
    kind: Versioned | None = choice_parameter(Versioned)
    since: Since | None = parameter_field(ParameterType(_parse_since))

    def rows(self) -> Select[Any]:
        """Select the versions in order."""
        rows = fact_versions(self.since.seal if self.since else None)
        columns = rows.selected_columns
        if self.kind:
            rows = rows.where(columns["kind"] == self.kind)
        keys = [columns[name] for name in ("kind", "row_id", "version")]
        return rows.order_by(*(key.desc() if self.is_descending else key.asc() for key in keys))
