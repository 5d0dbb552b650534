"""Downloads of files and manifests, and the data dictionary."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any

from flask import Blueprint, Response, render_template, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.datastructures import Headers
from werkzeug.exceptions import PreconditionFailed, RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

from flaskr.audit.models import Action
from flaskr.audit.services import NotRecorded
from flaskr.exports.byte_ranges import (
    clamp_last_bytes,
    continued_file,
    is_one_range,
    is_recorded,
    remember_recorded,
    remember_tag,
)
from flaskr.exports.dictionary import COLUMNS_ON_REQUEST, FILE_COLUMNS, available_columns
from flaskr.exports.manifest import (
    file_name,
    is_since_unchecked,
    manifest,
    manifest_text,
    next_since,
)
from flaskr.exports.parameters import FILE_PARAMETERS, FILTERS, FileRequest, file_request
from flaskr.exports.services import (
    ExportedFile,
    current_watermark,
    export_file,
    export_file_at,
    spooled_file,
    sweep_spool,
    tag_of,
)
from flaskr.exports.trail_recording import record_file
from flaskr.facts.closed_lists import Contents, FileContents, RevisionContents, TrailContents
from flaskr.files.formats import MEDIA_TYPES
from flaskr.users.gate.access import actor
from flaskr.values.pseudonyms import may_include_names
from flaskr.web.page_addresses import takes

blueprint = Blueprint("exports", __name__)

_PIECE_BYTES = 256 * 1024


@blueprint.record
def sweep_at_start(state: BlueprintSetupState) -> None:
    """Clean the spool of what earlier processes left."""
    sweep_spool(state.app.config)


@blueprint.get("/export_claims")
@takes(FILTERS[Contents.CLAIMS], *FILE_PARAMETERS)
def claims():
    """Download claims."""
    return _answer(Contents.CLAIMS)


@blueprint.get("/export_ledger")
@takes(FILTERS[Contents.LEDGER], *FILE_PARAMETERS)
def ledger():
    """Download ledger entries."""
    return _answer(Contents.LEDGER)


@blueprint.get("/export_policies")
@takes(FILTERS[Contents.POLICIES], *FILE_PARAMETERS)
def policies():
    """Download policies."""
    return _answer(Contents.POLICIES)


@blueprint.get("/export_revisions")
@takes(FILTERS[RevisionContents.REVISIONS], *FILE_PARAMETERS)
def revisions():
    """Download the versions of the facts of claims and policies."""
    return _answer(RevisionContents.REVISIONS)


@blueprint.get("/export_trail")
@takes(FILTERS[TrailContents.TRAIL], *FILE_PARAMETERS)
def trail():
    """Download events of the trail."""
    return _answer(TrailContents.TRAIL)


@blueprint.get("/dictionary")
def dictionary():
    """Show every column of every file: its type, unit and meaning."""
    files = {
        contents: available_columns(contents, may_include_names("")) for contents in FILE_COLUMNS
    }
    on_request = {column for columns in COLUMNS_ON_REQUEST.values() for column in columns}
    return render_template("exports/dictionary.html", files=files, on_request=on_request)


def _answer(contents: FileContents) -> Response:
    """Return a file, its manifest, 304 if the reader has the file, or the headers for HEAD."""
    export_request = file_request(contents, request.args)
    if "manifest" in request.args:
        return _manifest_response(export_request)
    watermark = current_watermark(export_request)
    tag = tag_of(export_request, watermark)
    if request.if_none_match.contains_weak(tag):
        return _with_tag(Response(status=304), tag)
    exported = continued_file(request, export_request, actor())
    if exported is None:
        _check_if_match(tag)
        is_head = request.method == "HEAD"
        exported = (
            spooled_file(export_request, watermark)
            if is_head
            else export_file_at(export_request, watermark)
        )
    if (
        exported is None
    ):  # HEAD makes no file, so the length is not known; it must not be given as 0
        return _with_tag(Response(iter(()), headers=_file_headers(export_request)), tag)
    response = _file_response(export_request, exported)
    record = partial(record_file, Action.FILE_EXPORTED, export_request, exported, actor())
    record_once(response, export_request.cache_key, exported.tag, record)
    remember_tag(request, export_request.cache_key, actor(), exported.tag)
    return response


def record_once(response: Response, cache_key: str, tag: str, record: Callable[[], None]) -> None:
    """Record that a file is sent, unless this continues a recorded download; raises NotRecorded."""
    if is_recorded(request, response, cache_key, actor(), tag):
        return
    try:
        record()
    except NotRecorded:
        response.close()
        raise
    remember_recorded(request, cache_key, actor(), tag)


def _manifest_response(export_request: FileRequest) -> Response:
    """Make a file and return its manifest as JSON."""
    exported = export_file(export_request)
    exported.file.close()
    if request.method == "GET":
        record_file(Action.MANIFEST_READ, export_request, exported, actor())
    response = json_response(manifest(export_request, exported.facts, actor()))
    if is_since_unchecked(export_request):
        response.headers["X-Since-Checked"] = "no"
    return response


def json_response(manifest: dict[str, Any]) -> Response:
    """Return a manifest as a JSON response."""
    return _private(Response(manifest_text(manifest), mimetype="application/json"))


def _file_response(export_request: FileRequest, exported: ExportedFile) -> Response:
    """Return a response with an exported file, or with the requested range of it."""
    headers = Headers(_file_headers(export_request))
    headers["X-Row-Count"] = str(exported.facts.rows)
    for since in next_since(
        export_request, exported.facts
    ).values():  # as in the manifest of the same request
        headers["X-Next-Since"] = since
    headers["Repr-Digest"] = digest_header(exported.facts.sha256)
    return send_open_file(exported.file, headers, exported.facts.size, exported.tag)


def send_open_file(file: IO[bytes], headers: Headers, size: int, tag: str) -> Response:
    """Return a response with an open file, or a range of it; the file is closed when it is sent."""
    headers["Content-Length"] = str(size)
    is_range = is_one_range(request)
    # The server's file wrapper may use sendfile, and then cannot send a range.
    send = FileWrapper if is_range else request.environ.get("wsgi.file_wrapper", _pieces)
    response = Response(send(file, _PIECE_BYTES), headers=headers, direct_passthrough=True)
    response.call_on_close(file.close)
    _with_tag(response, tag)
    environ = clamp_last_bytes(request.environ, size)
    try:
        _check_if_match(tag)
        response.make_conditional(environ, accept_ranges=is_range, complete_length=size)
    except (RequestedRangeNotSatisfiable, PreconditionFailed):
        file.close()
        raise
    return response


def _check_if_match(tag: str) -> None:
    """Raise PreconditionFailed if the reader accepts only another file (If-Match)."""
    if request.if_match and not request.if_match.contains(tag):
        raise PreconditionFailed


def digest_header(sha256: str) -> str:
    """Return the Repr-Digest header for a SHA-256 in hex."""
    return f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode()}:"


def _with_tag(response: Response, tag: str) -> Response:
    """Return a response with its ETag."""
    response.set_etag(tag)
    response.headers["Accept-Ranges"] = "bytes"
    return _private(response)


def _private(response: Response) -> Response:
    """Return a response that shared caches do not store and others revalidate."""
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield a file in pieces; it is closed at its end, or when the client disconnects."""
    with file:
        yield from iter(partial(file.read, size), b"")


def _file_headers(export_request: FileRequest) -> dict[str, Any]:
    """Return the headers that are known before a file is made."""
    headers = {
        "Content-Type": MEDIA_TYPES[export_request.output_format.file_format],
        "Content-Disposition": f"attachment; filename={file_name(export_request)}",
    }
    if is_since_unchecked(export_request):
        headers["X-Since-Checked"] = "no"
    return headers
