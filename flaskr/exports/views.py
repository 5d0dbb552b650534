"""Addresses of files."""

from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from typing import IO, Any

from flask import Blueprint, Response, request
from flask.sansio.blueprints import BlueprintSetupState

from flaskr.calendar import today
from flaskr.exports.files import MEDIA_TYPES, FileFormat
from flaskr.exports.parameters import file_request
from flaskr.exports.services import make_claims_file, sweep_spool

blueprint = Blueprint("exports", __name__)

PIECE_BYTES = 256 * 1024


@blueprint.record
def sweep_at_start(state: BlueprintSetupState) -> None:
    """Remove what an earlier life of the application left in the spool."""
    sweep_spool(state.app.config)


@blueprint.get("/export_claims")
def claims():
    """Download every claim as CSV or Parquet; HEAD answers without making the file."""
    wanted = file_request(request.args)
    headers = file_headers("claims", wanted.file_format)
    if request.method == "HEAD":
        return Response(iter(()), headers=headers)  # an iterator: its length is not said to be 0
    made = make_claims_file(wanted.file_format, wanted.is_raw)
    headers["Content-Length"] = str(made.facts.size)
    headers["X-Row-Count"] = str(made.facts.rows)
    headers["Repr-Digest"] = f"sha-256=:{b64encode(made.facts.sha256).decode()}:"
    send = request.environ.get("wsgi.file_wrapper", pieces)  # a server's own may use sendfile
    return Response(send(made.file, PIECE_BYTES), headers=headers, direct_passthrough=True)


def pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield a file piece by piece; it is closed after the last, or when the client goes away."""
    with file:
        yield from iter(partial(file.read, size), b"")


def file_headers(name: str, file_format: FileFormat) -> dict[str, Any]:
    """Return the headers that a file has before it is made; it is named after the local day."""
    file_name = f"{name}-{today()}.{file_format.value}"
    return {
        "Content-Type": MEDIA_TYPES[file_format],
        "Content-Disposition": f"attachment; filename={file_name}",
        "Cache-Control": "private, no-cache",
    }
