"""The manifest: what a file is, of which book, and how to tell that it is still the same."""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import Any

from flask import current_app

from flaskr.exports.parameters import FileRequest
from flaskr.exports.tasks import FileFacts
from flaskr.facts.lists import Contents
from flaskr.files.formats import MEDIA_TYPES
from flaskr.settings import BOOK_VERSION
from flaskr.values.calendar import today

MANIFEST_ENDING = ".manifest.json"
SCHEMA_VERSION = 2  # of the files: one more when a column changes its name, type or meaning
_LIBRARIES = ("pandas", "pyarrow", "numpy", "XlsxWriter", "adbc-driver-manager", "SQLAlchemy")


@dataclass(frozen=True)
class MadeFacts(FileFacts):
    """What is known of a made file: with what was asked for, and the instant it was made at."""

    asked: str
    made_at: str

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON keeps it, amounts as strings."""
        return vars(self) | {"totals": {name: str(sum_) for name, sum_ in self.totals.items()}}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "MadeFacts":
        """Read what `as_json` gave."""
        totals = {name: Decimal(text) for name, text in kept["totals"].items()}
        return cls(**(kept | {"totals": totals}))


@cache
def versions() -> dict[str, str]:
    """Return the versions of what makes the bytes of a file."""
    return {"ClaimBook": BOOK_VERSION} | {name: version(name) for name in _LIBRARIES}


def file_name(request: FileRequest) -> str:
    """Return what a file is called: after the cut it shows, or after the local day."""
    valuation = request.wanted.valuation
    when = f"as-at-{valuation.day}-{valuation.basis}" if valuation else f"{today()}"
    some = ["some"] if request.wanted.filter_names else []
    name = "-".join([request.contents, *some, when])
    return f"{name}.{request.form.file_format}"


def manifest(request: FileRequest, facts: MadeFacts, actor: str) -> dict[str, Any]:
    """Return the manifest of a made file: amounts are strings of their exact digits."""
    valuation = request.wanted.valuation
    return {
        "file": {
            "name": file_name(request),
            "format": request.form.file_format,
            "dialect": request.form.dialect,
            "raw": request.form.is_raw,
            "media_type": MEDIA_TYPES[request.form.file_format],
            "size": facts.size,
            "sha256": facts.sha256,
        },
        "contents": request.contents,
        "rows": facts.rows,
        "totals": {name: str(amount) for name, amount in facts.totals.items()},
        "currency": current_app.config["BOOK_CURRENCY"],
        "time_zone": current_app.config["BOOK_TIME_ZONE"],
        "as_at": valuation and str(valuation.day),
        "basis": valuation and valuation.basis,
        "filter": filters_of(request),
        "sort": request.wanted.sort,
        "query": request.query_string,
        "watermark": facts.watermark,
        **next_since(request, facts),
        "schema_version": SCHEMA_VERSION,
        "columns": [column.declaration for column in request.columns],
        "made": {"at": facts.made_at, "by": actor, "versions": versions()},
    }


def filters_of(request: FileRequest) -> dict[str, Any]:
    """Return what leaves rows out of a file, as texts under the names of the parameters."""
    said = request.wanted.parameters()
    return {name: said[name] for name in sorted(request.wanted.filter_names)}


def manifest_text(said: dict[str, Any]) -> str:
    """Return a manifest as JSON for people too: in its order, indented, letters as they are."""
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def next_since(request: FileRequest, facts: MadeFacts) -> dict[str, int]:
    """Return where the next file of the ledger goes on: `since` of its address."""
    if request.contents is not Contents.LEDGER:
        return {}
    return {"next_since": facts.watermark["ledger_entries"]}
