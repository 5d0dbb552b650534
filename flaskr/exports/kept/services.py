"""Keep an export under a name, and delete it again."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import current_app

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record_separately
from flaskr.errors import TextError
from flaskr.exports.kept import files as kept_files
from flaskr.exports.kept.files import KeptExport
from flaskr.exports.manifest import manifest
from flaskr.exports.parameters import FileRequest
from flaskr.exports.recording import facts_of
from flaskr.exports.services import made_file
from flaskr.values.calendar import utc_now
from flaskr.values.text import clean_reference, reference_key

_RESERVED = {"verify"}  # is a page


def kept_folder(config: Mapping[str, Any]) -> Path:
    """Return the folder that exports are kept in."""
    return config["INSTANCE_FOLDER"] / "kept"


def clean_name(text: str) -> str:
    """Return the name of a kept export, which keeps to the rules of references."""
    name = clean_reference(text)
    if reference_key(name) in _RESERVED:
        raise TextError(f"“{name}” is the name of a page. Choose another.")
    return name


def keep_export(request: FileRequest, name: str, note: str, actor: str) -> KeptExport:
    """Make the file that is asked for and keep it under a name.

    Raises what making a file does, NameTaken, DiskFull, and NotRecorded.
    """
    root = kept_folder(current_app.config)
    kept_files.refuse_taken(root, name)  # before the work, too
    made = made_file(request)
    with made.file:
        said = manifest(request, made.facts, actor)
        said["file"]["name"] = f"{name}.{request.form.file_format}"
        said["kept"] = {"name": name, "by": actor, **_stamp()} | ({"note": note} if note else {})
        if said["filter"].get("text"):
            said["kept"]["found_by_names"] = request.finds_names
        told = {"file": request.told_address, **facts_of(request, made.facts)}
        return kept_files.keep(
            root, made.file, said, _telling(Action.EXPORT_KEPT, name, actor, told)
        )


def delete_export(kept: KeptExport, actor: str) -> None:
    """Delete the file of a kept export; its manifest says so, and stays. Raises NotRecorded."""
    root = kept_folder(current_app.config)
    record = _telling(Action.KEPT_EXPORT_DELETED, kept.name, actor, _digest_of(kept))
    kept_files.delete(root, kept.name, {"by": actor, **_stamp()}, record)


def record_reading(kept: KeptExport, actor: str) -> None:
    """Record that a kept file is handed out; raises NotRecorded."""
    told = _digest_of(kept) | {"identified": kept.has_names}
    _telling(Action.KEPT_EXPORT_READ, kept.name, actor, told)()


def _digest_of(kept: KeptExport) -> dict[str, Any]:
    """Return what the trail is told of a kept file: which bytes they are."""
    file = kept.manifest["file"]
    return {"rows": kept.manifest["rows"], "size": file["size"], "sha256": file["sha256"]}


def _telling(action: Action, name: str, actor: str, told: Mapping[str, Any]) -> Callable[[], None]:
    """Return what records something done with a kept export."""
    return partial(record_separately, action, Subject.FILE, name, actor=actor, after=told)


def _stamp() -> dict[str, str]:
    """Return this instant as manifests write it."""
    return {"at": utc_now().isoformat(timespec="seconds")}
