"""Send an open file: with its tag and digest, or the part of it that the reader asks for."""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, Any
from urllib.parse import quote

from flask import Request, Response
from werkzeug.datastructures import Headers
from werkzeug.exceptions import PreconditionFailed, RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

_LAST_BYTES = re.compile(r"bytes=-([0-9]{1,18})", re.ASCII)
_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Download:
    """An open file to send: its headers, its size in bytes, and the tag of its content."""

    file: IO[bytes]
    headers: Headers
    size: int
    tag: str

    def response(self, request: Request) -> Response:
        """Return the file or the requested range of it; the file is closed when it is sent.

        Raises PreconditionFailed or RequestedRangeNotSatisfiable.
        """
        headers = Headers([*self.headers, ("Content-Length", str(self.size))])
        is_range = is_one_range(request)
        # The server's file wrapper may use sendfile, and then cannot send a range.
        send = FileWrapper if is_range else request.environ.get("wsgi.file_wrapper", _pieces)
        response = Response(send(self.file, _PIECE_BYTES), headers=headers, direct_passthrough=True)
        response.call_on_close(self.file.close)
        with_tag(response, self.tag)
        environ = _clamp_last_bytes(request.environ, self.size)
        try:
            check_if_match(request, self.tag)
            response.make_conditional(environ, accept_ranges=is_range, complete_length=self.size)
        except (RequestedRangeNotSatisfiable, PreconditionFailed):
            self.file.close()
            raise
        return response


def file_headers(name: str, media_type: str) -> Headers:
    """Return the headers that say what a file is, and under which name to save it."""
    headers = Headers({"Content-Type": media_type})
    parameters = {"filename": name}
    if not name.isascii():  # with an ASCII fallback
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        parameters = {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}
    headers.set("Content-Disposition", "attachment", **parameters)
    return headers


def is_one_range(request: Request) -> bool:
    """Whether the request has one range; several ranges are answered with the whole file."""
    requested = request.range  # None for an unknown unit
    return requested is not None and requested.units == "bytes" and len(requested.ranges) == 1


def asks_for_last_bytes(request: Request) -> bool:
    """Whether the request is for the last bytes, with which readers of Parquet begin."""
    return bool(_LAST_BYTES.fullmatch(request.headers.get("Range", "")))


def check_if_match(request: Request, tag: str) -> None:
    """Raise PreconditionFailed if the reader accepts only another file (If-Match)."""
    if request.if_match and not request.if_match.contains(tag):
        raise PreconditionFailed


def digest_header(sha256: str) -> str:
    """Return the Repr-Digest header for a SHA-256 in hex."""
    return f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode()}:"


def with_tag(response: Response, tag: str) -> Response:
    """Return a response with its ETag, for this reader alone."""
    response.set_etag(tag)
    response.headers["Accept-Ranges"] = "bytes"
    return private(response)


def private(response: Response) -> Response:
    """Return a response that shared caches do not store and others revalidate."""
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield a file in pieces; it is closed at its end, or when the client disconnects."""
    with file:
        yield from iter(partial(file.read, size), b"")


def _clamp_last_bytes(environ: dict[str, Any], size: int) -> dict[str, Any]:
    """Return the request environment with a range of the last n bytes limited to the file's size.

    RFC 9110 (14.1.2) sends all of a shorter file; Werkzeug would refuse the range.
    """
    last = _LAST_BYTES.fullmatch(environ.get("HTTP_RANGE", ""))
    return environ | {"HTTP_RANGE": "bytes=0-"} if last and int(last[1]) >= size > 0 else environ
