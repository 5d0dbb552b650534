"""Files read in parts: every part of one reading comes from the file that it began with.

Polars and others read a Parquet file by its end first and then the columns they need, without
saying which version they mean. The book may have changed in between, and parts of two files put
together are worse than an error. So a reader that goes on is given the file it was given last.
"""

import hashlib
import re
from typing import Any

from flask import Request, Response, current_app

from flaskr.exports.parameters import FileRequest
from flaskr.exports.services import MadeFile, spool_folder, spooled_as
from flaskr.exports.spool import pin, pinned
from flaskr.exports.tasks import full_disk_told

_LAST_BYTES = re.compile(r"bytes=-([0-9]{1,18})", re.ASCII)


def is_one_range(request: Request) -> bool:
    """Whether one part is asked for; several at once are answered with the whole file."""
    asked = request.range  # of a unit that there is not: as if not given
    return asked is not None and asked.units == "bytes" and len(asked.ranges) == 1


def begun_file(request: Request, wanted: FileRequest, who: str) -> MadeFile | None:
    """Return the file that a reading began with, if it goes on and the file is still there.

    It goes on when it names the file's tag (If-Range, If-Match), or asks for a part that is not the
    last bytes, which is how a reading begins.
    """
    named = [request.if_range.etag or "", *request.if_match]
    for tag in named:
        if found := spooled_as(wanted, tag):
            return found
    if any(named) or not is_one_range(request) or _LAST_BYTES.fullmatch(request.headers["Range"]):
        return None
    folder = spool_folder(current_app.config)
    return spooled_as(wanted, pinned(folder, _reader(request, wanted.asked, who)))


def remember(request: Request, asked: str, who: str, tag: str) -> None:
    """Note which file a reader was given."""
    with full_disk_told():
        pin(spool_folder(current_app.config), _reader(request, asked, who), tag)


def _reader(request: Request, asked: str, who: str) -> str:
    """Return a name for who reads what: by person, address and program."""
    said = f"{who} {request.remote_addr} {request.user_agent} {asked}"
    return hashlib.sha256(said.encode()).hexdigest()[:40]


def is_told(request: Request, response: Response, asked: str, who: str, tag: str) -> bool:
    """Whether the trail need not be told of an answer: no file, or more of one it was told of.

    Of a HEAD it was not, though readers begin with one; so what it was told is noted apart.
    """
    if request.method != "GET" or response.status_code not in (200, 206):
        return True
    is_start = response.status_code == 200 or not response.content_range.start
    if is_start or _LAST_BYTES.fullmatch(request.headers["Range"]):
        return False
    return pinned(spool_folder(current_app.config), _reader(request, f"told {asked}", who)) == tag


def remember_told(request: Request, asked: str, who: str, tag: str) -> None:
    """Note that the trail was told of a file that a reader is given."""
    remember(request, f"told {asked}", who, tag)


def with_range_in(environ: dict[str, Any], size: int) -> dict[str, Any]:
    """Return a request whose range, if it is the last n bytes, has no more than the file.

    RFC 9110 (14.1.2) gives all of a shorter file; Werkzeug refuses.
    """
    last = _LAST_BYTES.fullmatch(environ.get("HTTP_RANGE", ""))
    return environ | {"HTTP_RANGE": "bytes=0-"} if last and int(last[1]) >= size > 0 else environ
