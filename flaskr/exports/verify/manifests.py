"""What a manifest says of its file, read with care: it may come from anywhere."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from flaskr.errors import ClaimBookError
from flaskr.exports.kept.files import KeptExport, kept_exports
from flaskr.files.formats import Dialect

MOST_BYTES = 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_AMOUNT = re.compile(r"-?[0-9]{1,30}\.[0-9]{2}", re.ASCII)


class _ManifestError(ClaimBookError):
    """A manifest that is none."""


@dataclass(frozen=True)
class Known:
    """What is known of a file, and from which manifest."""

    source: str
    size: int
    sha256: str
    form: str
    columns: tuple[str, ...]
    rows: int
    totals: dict[str, Decimal]


def form_name(file_format: str, is_excel_csv: bool) -> str:
    """Return what a form is called where files are compared; guarded or raw looks the same."""
    return f"{file_format} for Swedish Excel" if is_excel_csv else file_format


def known_from_text(text: bytes, source: str) -> Known:
    """Read a manifest; raises ManifestError when it is none."""
    if len(text) > MOST_BYTES:
        raise _ManifestError(f"{_sentence(source)} is too large for a manifest.")
    try:
        return _known(json.loads(text), source)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise _ManifestError(
            f"{_sentence(source)} cannot be read: use the JSON from manifest=1, or from a "
            "kept export."
        ) from error


def _sentence(source: str) -> str:
    """Return what begins a sentence about a manifest."""
    return source[:1].upper() + source[1:]


def _known(manifest: dict[str, Any], source: str) -> Known:
    """Return what a manifest says; raises ValueError and its kin where it is none of ours."""
    file = manifest["file"]
    return Known(
        source=source,
        size=_checked_number(file["size"]),
        sha256=_matched(_SHA256, file["sha256"]),
        form=form_name(str(file["format"]), file["dialect"] == Dialect.EXCEL_SV),
        columns=tuple(str(column["name"]) for column in manifest["columns"]),
        rows=_checked_number(manifest["rows"]),
        totals={
            name: Decimal(_matched(_AMOUNT, text)) for name, text in manifest["totals"].items()
        },
    )


def _checked_number(value: Any) -> int:
    """Return a whole number of zero or more."""
    if type(value) is not int or value < 0:
        raise ValueError("not a number of rows or bytes")
    return value


def _matched(pattern: re.Pattern[str], text: Any) -> str:
    """Return a text that has to be of a pattern."""
    if not pattern.fullmatch(text):
        raise ValueError("not written as a manifest is")
    return str(text)


def known_from_kept(root: Path, sha256: str, name: str) -> Known | None:
    """Return what the newest kept export says that has these bytes, else that has this name."""
    every = kept_exports(root)
    for kept in every:
        if kept.manifest["file"]["sha256"] == sha256:
            return _of_kept(kept, "which has the same SHA-256")
    for kept in every:
        if kept.manifest["file"]["name"] == name:
            return _of_kept(kept, "which has the same file name")
    return None


def _of_kept(kept: KeptExport, why: str) -> Known:
    """Return what the manifest of a kept export says."""
    return _known(kept.manifest, f"the manifest of the kept export “{kept.name}”, {why}")
