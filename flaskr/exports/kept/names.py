"""The names of kept exports, which may be people's: shown by the folder, and erased."""

import json
from pathlib import Path
from typing import Any

from flaskr.exports.kept.changes import check_not_held
from flaskr.exports.kept.files import FOLDER_NAME, KeptExport
from flaskr.exports.kept.writing import MANIFEST, exclusive_lock, write_manifest

ERASED_TEXT = "erased"


def name_in_folder(root: Path, folder: str) -> str:
    """Return the name of the kept export in a folder of this name, or an empty text."""
    path = root / folder / MANIFEST
    if not FOLDER_NAME.fullmatch(folder) or not path.exists():
        return ""
    return str(json.loads(path.read_bytes())["kept"]["name"])


def erase_export(
    root: Path, export: KeptExport, deleted: dict[str, str], *, with_texts: bool
) -> None:
    """Delete the file of a kept export; with `with_texts` also what people wrote in its manifest.

    The folder keeps its name, a digest, so that the export's name is not used again; the export has
    that name from now on. Raises ExportHeld.
    """
    check_not_held(export)
    with exclusive_lock(root):
        manifest = export.manifest
        if with_texts:
            manifest = _without_texts(manifest, export.folder.name)
        write_manifest(export.folder, {"deleted": deleted} | manifest)
        export.path.unlink(missing_ok=True)


def _without_texts(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a manifest under another name, with its note, filters and query erased."""
    kept = {name: value for name, value in manifest["kept"].items() if name != "note"}
    extension = Path(manifest["file"]["name"]).suffix
    return manifest | {
        "file": manifest["file"] | {"name": f"{name}{extension}"},
        "kept": kept | {"name": name},
        "filter": dict.fromkeys(manifest["filter"], ERASED_TEXT),
        "query": ERASED_TEXT,
    }
