"""Keep an export under a name, and delete it again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import current_app

from flaskr.calendar import utc_now
from flaskr.errors import TextError
from flaskr.exports.manifest import manifest
from flaskr.exports.parameters import FileRequest
from flaskr.exports.services import made_file
from flaskr.kept import files as kept_files
from flaskr.kept.files import KeptExport
from flaskr.text import clean_reference, reference_key

RESERVED = {"verify"}  # is a page


def kept_folder(config: Mapping[str, Any]) -> Path:
    """Return the folder that exports are kept in."""
    return config["INSTANCE_FOLDER"] / "kept"


def clean_name(text: str) -> str:
    """Return the name of a kept export, which keeps to the rules of references."""
    name = clean_reference(text)
    if reference_key(name) in RESERVED:
        raise TextError(f"“{name}” is the name of a page. Choose another.")
    return name


def keep_export(request: FileRequest, name: str, note: str, actor: str) -> KeptExport:
    """Make the file that is asked for and keep it under a name.

    Raises what making a file does, NameTaken, and DiskFull.
    """
    root = kept_folder(current_app.config)
    kept_files.refuse_taken(root, name)  # before the work, too
    made = made_file(request)
    with made.file:
        said = manifest(request, made.facts, actor)
        said["file"]["name"] = f"{name}.{request.form.file_format}"
        said["kept"] = {"name": name, "by": actor, **stamp()} | ({"note": note} if note else {})
        return kept_files.keep(root, made.file, said)


def delete_export(kept: KeptExport, actor: str) -> None:
    """Delete the file of a kept export; its manifest says so, and stays."""
    root = kept_folder(current_app.config)
    kept_files.delete(root, kept.name, {"by": actor, **stamp()})


def stamp() -> dict[str, str]:
    """Return this instant as manifests write it."""
    return {"at": utc_now().isoformat(timespec="seconds")}
