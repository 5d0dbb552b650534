"""Addresses of files, their manifests, and what their columns mean."""

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
from flaskr.exports.dictionary import COLUMNS, given_columns
from flaskr.exports.manifest import file_name, manifest, manifest_text, next_since
from flaskr.exports.parameters import FileRequest, file_request
from flaskr.exports.ranges import (
    begun_file,
    is_one_range,
    is_told,
    remember,
    remember_told,
    with_range_in,
)
from flaskr.exports.recording import record_file
from flaskr.exports.services import (
    MadeFile,
    current_watermark,
    file_at,
    made_file,
    spooled,
    sweep_spool,
    tag_of,
)
from flaskr.facts.lists import Contents, FileContents, TrailContents
from flaskr.files.formats import MEDIA_TYPES
from flaskr.users.gate.access import actor
from flaskr.values.pseudonyms import may_include_names

blueprint = Blueprint("exports", __name__)

_PIECE_BYTES = 256 * 1024


@blueprint.record
def sweep_at_start(state: BlueprintSetupState) -> None:
    """Remove what an earlier life of the application left in the spool."""
    sweep_spool(state.app.config)


@blueprint.get("/export_claims")
def claims():
    """Download the claims that the address asks for."""
    return _answer(Contents.CLAIMS)


@blueprint.get("/export_ledger")
def ledger():
    """Download the ledger entries that the address asks for."""
    return _answer(Contents.LEDGER)


@blueprint.get("/export_policies")
def policies():
    """Download the policies that the address asks for."""
    return _answer(Contents.POLICIES)


@blueprint.get("/export_trail")
def trail():
    """Download the events of the trail that the address asks for."""
    return _answer(TrailContents.TRAIL)


@blueprint.get("/dictionary")
def dictionary():
    """Show every column of every file: its type, unit and meaning."""
    files = {contents: given_columns(contents, may_include_names("")) for contents in COLUMNS}
    return render_template("exports/dictionary.html", files=files)


def _answer(contents: FileContents) -> Response:
    """Answer with a file, its manifest, 304 when the reader has it, or to HEAD its headers."""
    wanted = file_request(contents, request.args)
    if "manifest" in request.args:
        return _manifest_response(wanted)
    watermark = current_watermark(wanted)
    tag = tag_of(wanted, watermark)
    if request.if_none_match.contains_weak(tag):
        return _tagged(Response(status=304), tag)
    made = begun_file(request, wanted, actor())
    if made is None:
        _refuse_another(tag)
        is_head = request.method == "HEAD"
        made = spooled(wanted, watermark) if is_head else file_at(wanted, watermark)
    if made is None:  # HEAD makes no file: the length is not known, and not said to be 0
        return _tagged(Response(iter(()), headers=_file_headers(wanted)), tag)
    response = _file_response(wanted, made)
    record = partial(record_file, Action.FILE_EXPORTED, wanted, made, actor())
    recorded(response, wanted.asked, made.tag, record)
    remember(request, wanted.asked, actor(), made.tag)
    return response


def recorded(response: Response, asked: str, tag: str, record: Callable[[], None]) -> None:
    """Record that a file is sent, unless this goes on with what was; raises NotRecorded."""
    if is_told(request, response, asked, actor(), tag):
        return
    try:
        record()
    except NotRecorded:
        response.close()
        raise
    remember_told(request, asked, actor(), tag)


def _manifest_response(wanted: FileRequest) -> Response:
    """Return the manifest of a file as JSON."""
    made = made_file(wanted)
    made.file.close()
    if request.method == "GET":
        record_file(Action.MANIFEST_READ, wanted, made, actor())
    return json_response(manifest(wanted, made.facts, actor()))


def json_response(said: dict[str, Any]) -> Response:
    """Return a manifest as JSON."""
    return _private(Response(manifest_text(said), mimetype="application/json"))


def _file_response(wanted: FileRequest, made: MadeFile) -> Response:
    """Return a made file, or the range of it that is asked for."""
    headers = Headers(_file_headers(wanted))
    headers["X-Row-Count"] = str(made.facts.rows)
    for since in next_since(wanted, made.facts).values():  # in the manifest, which may be of later
        headers["X-Next-Since"] = str(since)
    headers["Repr-Digest"] = digest_header(made.facts.sha256)
    return sent(made.file, headers, made.facts.size, made.tag)


def sent(file: IO[bytes], headers: Headers, size: int, tag: str) -> Response:
    """Return an open file, or the range of it that is asked for; closed when it is sent."""
    headers["Content-Length"] = str(size)
    is_range = is_one_range(request)
    # A server's own wrapper may use sendfile, and cannot give a part.
    send = FileWrapper if is_range else request.environ.get("wsgi.file_wrapper", _pieces)
    response = Response(send(file, _PIECE_BYTES), headers=headers, direct_passthrough=True)
    response.call_on_close(file.close)
    _tagged(response, tag)
    asked = with_range_in(request.environ, size)
    try:
        _refuse_another(tag)
        response.make_conditional(asked, accept_ranges=is_range, complete_length=size)
    except (RequestedRangeNotSatisfiable, PreconditionFailed):
        file.close()
        raise
    return response


def _refuse_another(tag: str) -> None:
    """Raise PreconditionFailed for a reader who wants one file only (If-Match), not this one."""
    if request.if_match and not request.if_match.contains(tag):
        raise PreconditionFailed


def digest_header(sha256: str) -> str:
    """Return what Repr-Digest says of a SHA-256 in hex."""
    return f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode()}:"


def _tagged(response: Response, tag: str) -> Response:
    """Return a response with the tag of its bytes."""
    response.set_etag(tag)
    response.headers["Accept-Ranges"] = "bytes"
    return _private(response)


def _private(response: Response) -> Response:
    """Return a response that no cache in between keeps, and none hands out unasked."""
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield a file piece by piece; it is closed after the last, or when the client goes away."""
    with file:
        yield from iter(partial(file.read, size), b"")


def _file_headers(wanted: FileRequest) -> dict[str, Any]:
    """Return the headers that a file has before it is made."""
    return {
        "Content-Type": MEDIA_TYPES[wanted.form.file_format],
        "Content-Disposition": f"attachment; filename={file_name(wanted)}",
    }
