"""Delete, hold and let go of kept files."""

from collections.abc import Callable
from pathlib import Path

from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.exports.kept.files import KeptExport, kept_export, record_nothing
from flaskr.exports.kept.writing import exclusive_lock, sync_folder, write_manifest
from flaskr.exports.tasks import explain_full_disk


class ExportHeld(ClaimBookError):
    """A kept export whose file may not be deleted, because somebody holds it."""

    status = 409


def delete_file(
    root: Path, name: str, deleted: dict[str, str], record: Callable[[], None] = record_nothing
) -> None:
    """Delete a kept file; `deleted` (when, by whom) is added to the manifest, which stays.

    `record` is called first; if it raises, the file stays. The manifest is changed before the file
    is removed, so that it never describes a missing file; `_sweep` finishes what was interrupted.
    Raises ExportHeld, whoever asks, and ChangedMeanwhile if it was deleted already.
    """
    with explain_full_disk(), exclusive_lock(root):
        export = _undeleted(root, name)
        check_not_held(export)
        record()
        write_manifest(export.folder, export.manifest | {"deleted": deleted})
        export.path.unlink(missing_ok=True)
        sync_folder(export.folder)


def check_not_held(export: KeptExport) -> None:
    """Raise ExportHeld if a kept export is held."""
    if export.hold:
        raise ExportHeld(
            f"“{export.name}” is held by {export.hold['by']}, so its file cannot be deleted: "
            f"{export.hold['reason']}"
        )


def hold_file(
    root: Path, name: str, hold: dict[str, str] | None, record: Callable[[], None] = record_nothing
) -> None:
    """Hold a kept file, so that it cannot be deleted, or with None let it go.

    `record` is called first; if it raises, nothing changes. Raises ChangedMeanwhile if it was
    deleted, or is held or let go already.
    """
    with explain_full_disk(), exclusive_lock(root):
        export = _undeleted(root, name)
        if bool(export.hold) == bool(hold):
            now = "held" if export.hold else "not held"
            raise ChangedMeanwhile(f"“{export.name}” is {now} already.")
        record()
        kept = {key: value for key, value in export.manifest["kept"].items() if key != "hold"}
        kept |= {"hold": hold} if hold else {}
        write_manifest(export.folder, export.manifest | {"kept": kept})


def _undeleted(root: Path, name: str) -> KeptExport:
    """Return a kept export with its file; raises ChangedMeanwhile."""
    export = kept_export(root, name)
    if export is None or export.deleted_at:
        raise ChangedMeanwhile(f"“{name}” was deleted already.")
    return export
