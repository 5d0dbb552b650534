"""What a reader was given: all parts of a download are of the same file, and recorded once.

Polars and others read the end of a Parquet file first and then the columns they need, without
saying which version they mean. The book may have changed in between, and a mixture of two files
would be worse than an error. So a reader that continues gets the file it was last given.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from flask import Request, Response

from flaskr.audit.services import NotRecorded
from flaskr.exports.spool import pin_tag, pinned_tag
from flaskr.exports.tasks import explain_full_disk
from flaskr.web.downloads import asks_for_last_bytes, is_one_range

_RECORDED = "told"  # marks the notes about recorded downloads


class Reader:
    """Who asks for what: a person or token at an address, with a program, and a file's key."""

    def __init__(self, request: Request, who: str, key: str, spool: Path) -> None:
        self._request = request
        self._name = f"{who} {request.remote_addr} {request.user_agent}"
        self._key = key
        self._spool = spool

    def tags_to_continue(self) -> list[str]:
        """Return the tags of the files that the reader continues to read, if it continues.

        A reader continues if it sends the file's tag (If-Range, If-Match), or asks for a range
        other than the last bytes, with which readers begin.
        """
        request = self._request
        named = [tag for tag in (request.if_range.etag, *request.if_match) if tag]
        if named or not is_one_range(request) or asks_for_last_bytes(request):
            return named
        return [pinned_tag(self._spool, self._note(self._key))]

    def remember(self, tag: str) -> None:
        """Note which file the reader was given."""
        self._pin(self._key, tag)

    def record_once(self, response: Response, tag: str, record: Callable[[], None]) -> None:
        """Record that a file is sent, unless this continues a recorded download.

        Raises NotRecorded, with the file closed. What was recorded has its own note, because a HEAD
        is remembered but not recorded.
        """
        key = f"{_RECORDED} {self._key}"
        if self._request.method != "GET" or response.status_code not in (200, 206):
            return
        is_start = response.status_code == 200 or not response.content_range.start
        is_start = is_start or asks_for_last_bytes(self._request)
        if not is_start and pinned_tag(self._spool, self._note(key)) == tag:
            return
        try:
            record()
        except NotRecorded:
            response.close()
            raise
        self._pin(key, tag)

    def _pin(self, key: str, tag: str) -> None:
        """Write a note."""
        with explain_full_disk():
            pin_tag(self._spool, self._note(key), tag)

    def _note(self, key: str) -> str:
        """Return the name of a note: a digest of the reader and of what is read."""
        return hashlib.sha256(f"{self._name} {key}".encode()).hexdigest()[:40]
