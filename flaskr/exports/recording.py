"""What the trail is told of files: before they are sent, or they are not."""

from typing import Any

from flask import current_app

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import NotRecorded, record_separately
from flaskr.exports.manifest import MadeFacts
from flaskr.exports.parameters import FileRequest
from flaskr.exports.services import MadeFile, spool_folder
from flaskr.exports.spool import forget


def record_file(action: Action, request: FileRequest, made: MadeFile, actor: str) -> None:
    """Record that a made file, or its manifest, is handed out.

    Raises NotRecorded; nothing of the file stays then.
    """
    told = facts_of(request, made.facts)
    try:
        record_separately(action, Subject.FILE, request.told_address, actor=actor, after=told)
    except NotRecorded:
        made.file.close()
        forget(spool_folder(current_app.config), made.tag)
        raise


def facts_of(request: FileRequest, facts: MadeFacts) -> dict[str, Any]:
    """Return what is told of a file; of the reason only when there is one."""
    valuation = request.wanted.valuation
    told = {
        "rows": facts.rows,
        "size": facts.size,
        "sha256": facts.sha256,
        "format": request.form.file_format.value,
        "as_at": valuation and str(valuation.day),
        "basis": valuation and valuation.basis.value,
        "identified": request.is_identified,
    }
    return told | ({"reason": request.reason} if request.reason else {})
