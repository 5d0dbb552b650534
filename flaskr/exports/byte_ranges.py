"""Range requests: a reader gets all parts of a file from the same version of it.

Polars and others read the end of a Parquet file first and then the columns they need, without
saying which version they mean. The book may have changed in between, and a mixture of two files
would be worse than an error. So a reader that continues gets the file it was last given.
"""

import hashlib
import re
from typing import Any

from flask import Request, Response, current_app

from flaskr.exports.parameters import FileRequest
from flaskr.exports.services import ExportedFile, spool_folder, spooled_file_by_tag
from flaskr.exports.spool import pin_tag, pinned_tag
from flaskr.exports.tasks import explain_full_disk

_LAST_BYTES = re.compile(r"bytes=-([0-9]{1,18})", re.ASCII)
_RECORDED = "told"  # marks the notes about recorded downloads


def is_one_range(request: Request) -> bool:
    """Whether the request has one range; several ranges are answered with the whole file."""
    requested = request.range  # None for an unknown unit
    return requested is not None and requested.units == "bytes" and len(requested.ranges) == 1


def continued_file(request: Request, export_request: FileRequest, who: str) -> ExportedFile | None:
    """Return the file that a reader continues to read, if it is still in the spool.

    A reader continues if it sends the file's tag (If-Range, If-Match), or asks for a range other
    than the last bytes, with which readers begin.
    """
    named = [request.if_range.etag or "", *request.if_match]
    for tag in named:
        if found := spooled_file_by_tag(export_request, tag):
            return found
    if any(named) or not is_one_range(request) or _LAST_BYTES.fullmatch(request.headers["Range"]):
        return None
    return spooled_file_by_tag(export_request, _last_tag(request, export_request.cache_key, who))


def remember_tag(request: Request, cache_key: str, who: str, tag: str) -> None:
    """Note which file a reader was given."""
    with explain_full_disk():
        pin_tag(spool_folder(current_app.config), _reader_key(request, cache_key, who), tag)


def _last_tag(request: Request, cache_key: str, who: str) -> str:
    """Return the tag of the file that a reader was last given; empty if no file was given."""
    return pinned_tag(spool_folder(current_app.config), _reader_key(request, cache_key, who))


def _reader_key(request: Request, cache_key: str, who: str) -> str:
    """Return a digest of the reader (person, address, program) and of what is read."""
    key = f"{who} {request.remote_addr} {request.user_agent} {cache_key}"
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def is_recorded(request: Request, response: Response, cache_key: str, who: str, tag: str) -> bool:
    """Whether a response needs no event: it has no file, or continues a recorded download.

    What was recorded has its own note, because a HEAD is remembered but not recorded.
    """
    if request.method != "GET" or response.status_code not in (200, 206):
        return True
    is_start = response.status_code == 200 or not response.content_range.start
    if is_start or _LAST_BYTES.fullmatch(request.headers["Range"]):
        return False
    return _last_tag(request, f"{_RECORDED} {cache_key}", who) == tag


def remember_recorded(request: Request, cache_key: str, who: str, tag: str) -> None:
    """Note that the download of a file was recorded in the trail."""
    remember_tag(request, f"{_RECORDED} {cache_key}", who, tag)


def clamp_last_bytes(environ: dict[str, Any], size: int) -> dict[str, Any]:
    """Return the request environment with a range of the last n bytes limited to the file's size.

    RFC 9110 (14.1.2) sends all of a shorter file; Werkzeug would refuse the range.
    """
    last = _LAST_BYTES.fullmatch(environ.get("HTTP_RANGE", ""))
    return environ | {"HTTP_RANGE": "bytes=0-"} if last and int(last[1]) >= size > 0 else environ
