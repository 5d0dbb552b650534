"""Read manifests, which may be uploaded and so are not trusted."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from flaskr.errors import ClaimBookError
from flaskr.exports.kept.files import KeptExport, kept_exports
from flaskr.exports.manifest import manifest_digest
from flaskr.files.formats import Dialect

MAX_MANIFEST_BYTES = 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_AMOUNT = re.compile(r"-?[0-9]{1,30}\.[0-9]{2}", re.ASCII)


class _ManifestError(ClaimBookError):
    """A manifest cannot be read."""


@dataclass(frozen=True)
class KnownFile:
    """What a manifest says about its file; `source` names the manifest.

    `cut` is its as-at date and basis as a text; `kept_name` is empty unless it is a kept export.
    `digest` is the manifest's own, `seal` the book's, empty in a manifest from before seals.
    """

    source: str
    size: int
    sha256: str
    format_name: str
    columns: tuple[str, ...]
    rows: int
    totals: dict[str, Decimal]
    cut: str
    kept_name: str
    digest: str
    seal: str


def format_label(file_format: str, is_excel_csv: bool) -> str:
    """Return the name of a format when files are compared; escaped and raw CSV look the same."""
    return f"{file_format} for Swedish Excel" if is_excel_csv else file_format


def cut_label(facts: dict[str, Any]) -> str:
    """Return the cut of a file, from its manifest or from the event that handed it out."""
    return f"{facts['as_at']}, {facts['basis']}" if facts["as_at"] else "no date"


def known_from_manifest(text: bytes, source: str) -> KnownFile:
    """Read a manifest; raises _ManifestError if it is not one."""
    if len(text) > MAX_MANIFEST_BYTES:
        raise _ManifestError(f"{_sentence(source)} is too large for a manifest.")
    try:
        return _known(json.loads(text), source)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise _ManifestError(
            f"{_sentence(source)} cannot be read: use the JSON from manifest=1, or from a "
            "kept export."
        ) from error


def _sentence(source: str) -> str:
    """Return the name of a manifest as the beginning of a sentence."""
    return source[:1].upper() + source[1:]


def _known(manifest: dict[str, Any], source: str) -> KnownFile:
    """Return what a manifest says; raises ValueError, LookupError or TypeError if it is wrong."""
    file = manifest["file"]
    return KnownFile(
        source=source,
        size=_parse_count(file["size"]),
        sha256=_parse_pattern(_SHA256, file["sha256"]),
        format_name=format_label(str(file["format"]), file["dialect"] == Dialect.EXCEL_SV),
        columns=tuple(str(column["name"]) for column in manifest["columns"]),
        rows=_parse_count(manifest["rows"]),
        totals={
            name: Decimal(_parse_pattern(_AMOUNT, text))
            for name, text in manifest["totals"].items()
        },
        cut=cut_label(manifest),
        kept_name=str(manifest["kept"]["name"]) if "kept" in manifest else "",
        digest=manifest_digest(manifest),
        seal=str((manifest.get("watermark") or {}).get("seal") or ""),
    )


def _parse_count(value: Any) -> int:
    """Return an integer of at least zero; raises ValueError."""
    if type(value) is not int or value < 0:
        raise ValueError("not a number of rows or bytes")
    return value


def _parse_pattern(pattern: re.Pattern[str], text: Any) -> str:
    """Return a text that matches a pattern; raises ValueError."""
    if not pattern.fullmatch(text):
        raise ValueError("not written as a manifest is")
    return str(text)


def known_from_kept(root: Path, sha256: str, name: str) -> KnownFile | None:
    """Return what is known from the newest kept export with this content, else with this name."""
    every = kept_exports(root)
    for export in every:
        if export.manifest["file"]["sha256"] == sha256:
            return _known_from_export(export, "which has the same SHA-256")
    for export in every:
        if export.manifest["file"]["name"] == name:
            return _known_from_export(export, "which has the same file name")
    return None


def _known_from_export(export: KeptExport, why: str) -> KnownFile:
    """Return what is known from the manifest of a kept export."""
    return _known(export.manifest, f"the manifest of the kept export “{export.name}”, {why}")
