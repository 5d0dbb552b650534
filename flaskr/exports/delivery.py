"""Deliver a file: what the reader has already, else from the spool or newly made, recorded once."""

from functools import partial
from typing import Any

from flask import Request, Response, current_app
from werkzeug.datastructures import Headers

from flaskr.audit.models import Action
from flaskr.exports.manifest import (
    file_name,
    is_since_unchecked,
    manifest,
    manifest_text,
    next_since,
)
from flaskr.exports.parameters import FileRequest
from flaskr.exports.readers import Reader
from flaskr.exports.services import (
    ExportedFile,
    current_watermark,
    export_file,
    export_file_at,
    spool_folder,
    spooled_file,
    spooled_file_by_tag,
    tag_of,
)
from flaskr.exports.trail_recording import manifest_facts, record_file
from flaskr.files.formats import MEDIA_TYPES
from flaskr.web.downloads import (
    Download,
    check_if_match,
    digest_header,
    file_headers,
    private,
    with_tag,
)


class Delivery:
    """One request for a file of the book, by somebody who is recorded for it."""

    def __init__(self, request: Request, wanted: FileRequest, who: str) -> None:
        self._request = request
        self._wanted = wanted
        self._who = who
        self._reader = Reader(request, who, wanted.cache_key, spool_folder(current_app.config))

    def response(self) -> Response:
        """Return the file or a range of it, 304 if the reader has it, or the headers for HEAD.

        Raises what `export_file` raises, NotRecorded, and PreconditionFailed if the reader accepts
        only another file.
        """
        watermark = current_watermark(self._wanted)
        tag = tag_of(self._wanted, watermark)
        if self._request.if_none_match.contains_weak(tag):
            return with_tag(Response(status=304), tag)
        exported: ExportedFile | None = self._continued_file()
        if exported is None:
            check_if_match(self._request, tag)
            find = spooled_file if self._request.method == "HEAD" else export_file_at
            exported = find(self._wanted, watermark)
        if exported is None:
            # HEAD makes no file, so the length is not known; it must not be given as 0
            return with_tag(Response(iter(()), headers=self._headers()), tag)
        return self._sent(exported)

    def manifest_response(self) -> Response:
        """Make the file and return its manifest as JSON."""
        exported = export_file(self._wanted)
        exported.file.close()
        sent = manifest(self._wanted, exported.facts, self._who)
        if self._request.method == "GET":
            digest = manifest_facts(sent)
            record_file(Action.MANIFEST_READ, self._wanted, exported, self._who, **digest)
        response = manifest_response(sent)
        response.headers.extend(self._since_headers())
        return response

    def _continued_file(self) -> ExportedFile | None:
        """Return the file that the reader continues to read, if it is still in the spool."""
        tags = self._reader.tags_to_continue()
        found = (spooled_file_by_tag(self._wanted, tag) for tag in tags)
        return next(filter(None, found), None)

    def _sent(self, exported: ExportedFile) -> Response:
        """Return the response with a file, after recording it."""
        facts, headers = exported.facts, self._headers()
        headers["X-Row-Count"] = str(facts.rows)
        headers["Repr-Digest"] = digest_header(facts.sha256)
        for since in next_since(self._wanted, facts).values():  # as in the file's manifest
            headers["X-Next-Since"] = since
        response = Download(exported.file, headers, facts.size, exported.tag).response(
            self._request
        )
        record = partial(record_file, Action.FILE_EXPORTED, self._wanted, exported, self._who)
        self._reader.record_once(response, exported.tag, record)
        self._reader.remember(exported.tag)
        return response

    def _headers(self) -> Headers:
        """Return the headers that are known before a file is made."""
        media_type = MEDIA_TYPES[self._wanted.output_format.file_format]
        headers = file_headers(file_name(self._wanted), media_type)
        headers.extend(self._since_headers())
        return headers

    def _since_headers(self) -> dict[str, str]:
        """Return what tells a reader that nobody checked where it continues from."""
        return {"X-Since-Checked": "no"} if is_since_unchecked(self._wanted) else {}


def manifest_response(facts: dict[str, Any]) -> Response:
    """Return a manifest as a JSON response."""
    return private(Response(manifest_text(facts), mimetype="application/json"))
