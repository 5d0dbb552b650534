"""Keep exports under a name, and delete them."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import current_app

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record_separately
from flaskr.book.sealing.queries import SealName, missing_seals, parse_seal
from flaskr.errors import TextError
from flaskr.exports.kept import files as kept_files
from flaskr.exports.kept.changes import delete_file, hold_file
from flaskr.exports.kept.files import KeptExport, folder_of
from flaskr.exports.kept.names import erase_export
from flaskr.exports.manifest import manifest
from flaskr.exports.parameters import FileRequest
from flaskr.exports.services import export_file
from flaskr.exports.trail_recording import manifest_facts, trail_facts
from flaskr.values.calendar import utc_now
from flaskr.values.text import clean_reference, reference_key

_RESERVED = {"verify"}  # the name of a page


def kept_folder(config: Mapping[str, Any]) -> Path:
    """Return the folder of kept exports."""
    return config["INSTANCE_FOLDER"] / "kept"


def clean_export_name(text: str) -> str:
    """Return the name of a kept export, cleaned and checked like a reference."""
    name = clean_reference(text)
    if "/" in name:
        raise TextError("The name of an export cannot contain any of / \\ ? #.")
    if reference_key(name) in _RESERVED:
        raise TextError(f"“{name}” is the name of a page. Choose another.")
    return name


def keep_export(request: FileRequest, name: str, note: str, actor: str) -> KeptExport:
    """Export a file and keep it under a name.

    Raises what `export_file` raises, NameTaken, DiskFull, and NotRecorded.
    """
    root = kept_folder(current_app.config)
    kept_files.check_name_is_free(root, name)  # before the work too
    exported = export_file(request)
    with exported.file:
        kept_manifest = manifest(request, exported.facts, actor)
        kept_manifest["file"]["name"] = f"{name}.{request.output_format.file_format.extension}"
        kept_manifest["kept"] = {"name": name, "by": actor, **_now()} | (
            {"note": note} if note else {}
        )
        if kept_manifest["filter"].get("text"):
            kept_manifest["kept"]["found_by_names"] = request.searches_names
        facts = {
            "file": request.trail_address,
            **trail_facts(request, exported.facts),
            **manifest_facts(kept_manifest),
        }
        keeping = _recorder(Action.EXPORT_KEPT, folder_of(root, name), actor, facts, request.reason)
        return kept_files.keep_file(root, exported.file, kept_manifest, keeping)


def delete_export(export: KeptExport, reason: str, actor: str) -> None:
    """Delete the file of a kept export for a reason; the manifest stays and says when and by whom.

    Raises ExportHeld, ChangedMeanwhile if it was deleted already, and NotRecorded.
    """
    facts = _file_digest(export)
    record = _recorder(Action.KEPT_EXPORT_DELETED, export.folder, actor, facts, reason)
    deleted = {"by": actor, **_now()}
    delete_file(kept_folder(current_app.config), export.name, deleted, record)


def hold_export(export: KeptExport, reason: str, actor: str) -> None:
    """Hold a kept export for a reason, so that nobody can delete its file.

    Raises ChangedMeanwhile, and NotRecorded; so does `let_export_go`.
    """
    hold = {"by": actor, **_now(), "reason": reason}
    record = _recorder(Action.EXPORT_HELD, export.folder, actor, {}, reason)
    hold_file(kept_folder(current_app.config), export.name, hold, record)


def let_export_go(export: KeptExport, reason: str, actor: str) -> None:
    """End the hold on a kept export for a reason."""
    record = _recorder(Action.EXPORT_LET_GO, export.folder, actor, {}, reason)
    hold_file(kept_folder(current_app.config), export.name, None, record)


def erase_kept_export(export: KeptExport, actor: str, reason: str, *, with_texts: bool) -> None:
    """Delete the file of a kept export that may have an erased person's data.

    With `with_texts` its name, note and filters are erased too. Raises NotRecorded.
    """
    root = kept_folder(current_app.config)
    facts = _file_digest(export)
    _recorder(Action.KEPT_EXPORT_DELETED, export.folder, actor, facts, reason)()
    erase_export(root, export, {"by": actor, **_now()}, with_texts=with_texts)


def record_download(export: KeptExport, actor: str) -> None:
    """Record that a kept file is downloaded; raises NotRecorded."""
    facts = _file_digest(export) | {"identified": export.has_names}
    _recorder(Action.KEPT_EXPORT_READ, export.folder, actor, facts)()


def seals_of_other_histories(exports: Iterable[KeptExport]) -> dict[str, SealName]:
    """Return the seals of kept exports that the book does not contain, by the exports' names.

    An export from before books had seals, or whose file was deleted, has none.
    """
    texts = {
        export.name: (export.manifest.get("watermark") or {}).get("seal")
        for export in exports
        if not export.deleted_at
    }
    seals = {name: parse_seal(text) for name, text in texts.items() if text}
    missing = missing_seals(seals.values())
    return {name: seal for name, seal in seals.items() if seal in missing}


def _file_digest(export: KeptExport) -> dict[str, Any]:
    """Return the facts of a kept file for the trail: rows, size and SHA-256."""
    file = export.manifest["file"]
    return {"rows": export.manifest["rows"], "size": file["size"], "sha256": file["sha256"]}


def _recorder(
    action: Action, folder: Path, actor: str, facts: Mapping[str, Any], reason: str = ""
) -> Callable[[], None]:
    """Return a function that records an action on a kept export by the name of its folder.

    Its own name may be a person's, and is only in its manifest, where it can be erased.
    """
    return partial(
        record_separately,
        action,
        Subject.FILE,
        folder.name,
        actor=actor,
        after=facts,
        reason=reason,
    )


def _now() -> dict[str, str]:
    """Return the current instant in the form of manifests."""
    return {"at": utc_now().isoformat(timespec="seconds")}
