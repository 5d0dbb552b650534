"""Record exported files in the trail, before they are sent."""

from typing import Any

from flask import current_app

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import NotRecorded, record_separately
from flaskr.exports.manifest import ExportFacts, manifest_digest
from flaskr.exports.parameters import FileRequest
from flaskr.exports.services import ExportedFile, spool_folder
from flaskr.exports.spool import remove_file

MANIFEST_DIGEST = "manifest_sha256"


def record_file(
    action: Action,
    request: FileRequest,
    exported: ExportedFile,
    actor: str,
    **manifest_facts: str,
) -> None:
    """Record that an exported file, or its manifest, is sent.

    `manifest_facts` are those of `manifest_facts`. Raises NotRecorded, after removing the file.
    """
    recorded = trail_facts(request, exported.facts) | manifest_facts
    try:
        record_separately(
            action,
            Subject.FILE,
            request.trail_address,
            actor=actor,
            after=recorded,
            reason=request.reason,
        )
    except NotRecorded:
        exported.file.close()
        remove_file(spool_folder(current_app.config), exported.tag)
        raise


def manifest_facts(manifest: dict[str, Any] | None) -> dict[str, str]:
    """Return what the trail records of a manifest: its digest, empty if none was written."""
    return {MANIFEST_DIGEST: manifest_digest(manifest) if manifest else ""}


def trail_facts(request: FileRequest, facts: ExportFacts) -> dict[str, Any]:
    """Return the facts of a file that the trail records; a seal only if it has one."""
    valuation = request.row_filter.valuation
    recorded: dict[str, Any] = {
        "rows": facts.rows,
        "size": facts.size,
        "sha256": facts.sha256,
        "format": request.output_format.file_format.value,
        "as_at": valuation and str(valuation.day),
        "basis": valuation and valuation.basis.value,
        "identified": request.is_identified,
    }
    if seal := facts.watermark.get("seal"):
        recorded["seal"] = seal
    return recorded
