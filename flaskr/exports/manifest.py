"""The manifest of a file: what it has, of which book, and the totals and digest to verify it."""

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import Any

from flask import current_app

from flaskr.book.sealing.since import Since
from flaskr.exports.parameters import FEEDS, FileRequest
from flaskr.exports.tasks import FileFacts
from flaskr.files.formats import MEDIA_TYPES
from flaskr.settings import BOOK_VERSION
from flaskr.values.calendar import today

MANIFEST_ENDING = ".manifest.json"
SCHEMA_VERSION = 2  # of the files: raise it when a column changes its name, type or meaning
_LIBRARIES = ("pandas", "pyarrow", "numpy", "XlsxWriter", "adbc-driver-manager", "SQLAlchemy")


@dataclass(frozen=True)
class ExportFacts(FileFacts):
    """The facts of an exported file; `asked` is the cache key of the request that made it."""

    asked: str
    made_at: str

    def as_json(self) -> dict[str, Any]:
        """Return the facts for JSON, with amounts as strings."""
        return vars(self) | {"totals": {name: str(sum_) for name, sum_ in self.totals.items()}}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> "ExportFacts":
        """Return the facts that `as_json` wrote."""
        totals = {name: Decimal(text) for name, text in facts["totals"].items()}
        return cls(**(facts | {"totals": totals}))


@cache
def versions() -> dict[str, str]:
    """Return the versions of ClaimBook and of the libraries that write files."""
    return {"ClaimBook": BOOK_VERSION} | {name: version(name) for name in _LIBRARIES}


def file_name(request: FileRequest) -> str:
    """Return the name of a file: with its as-at date, or with the local date."""
    valuation = request.row_filter.valuation
    when = f"as-at-{valuation.day}-{valuation.basis}" if valuation else f"{today()}"
    some = ["some"] if request.row_filter.filter_names else []
    name = "-".join([request.contents, *some, when])
    return f"{name}.{request.output_format.file_format.extension}"


def manifest(request: FileRequest, facts: ExportFacts, actor: str) -> dict[str, Any]:
    """Return the manifest of an exported file; amounts are strings of their exact digits."""
    valuation = request.row_filter.valuation
    return {
        "file": {
            "name": file_name(request),
            "format": request.output_format.file_format,
            "dialect": request.output_format.dialect,
            "raw": request.output_format.is_raw,
            "media_type": MEDIA_TYPES[request.output_format.file_format],
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
        "filter": filter_texts(request),
        "sort": request.row_filter.sort,
        "query": request.query_string,
        "watermark": facts.watermark,
        **next_since(request, facts),
        "schema_version": SCHEMA_VERSION,
        "columns": [column.declaration for column in request.columns],
        "made": {"at": facts.made_at, "by": actor, "versions": versions()},
    }


def filter_texts(request: FileRequest) -> dict[str, Any]:
    """Return the filters of a file, as texts under the names of the parameters."""
    parameters = request.row_filter.parameters()
    return {name: parameters[name] for name in sorted(request.row_filter.filter_names)}


def manifest_text(manifest: dict[str, Any]) -> str:
    """Return a manifest as readable JSON: in its order, indented, not escaped to ASCII."""
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def manifest_digest(manifest: dict[str, Any]) -> str:
    """Return the SHA-256 of what a manifest says, however it is spaced and ordered.

    What is added when a kept export is held or deleted does not count.
    """
    said = {name: value for name, value in manifest.items() if name != "deleted"}
    if kept := said.get("kept"):
        said["kept"] = {name: value for name, value in kept.items() if name != "hold"}
    text = json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def is_since_unchecked(request: FileRequest) -> bool:
    """Whether a request continues from the number of an entry, of whatever history."""
    since: Since | None = getattr(request.row_filter, "since", None)
    return since is not None and since.seal is None


def next_since(request: FileRequest, facts: ExportFacts) -> dict[str, str]:
    """Return the parameter `since` for the next file of a feed: the seal of this one."""
    if request.contents not in FEEDS:
        return {}
    return {"next_since": facts.watermark["seal"]}
