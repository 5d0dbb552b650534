"""The blueprint of the import pages, and the labels its templates use."""

from typing import Any

from flask import Blueprint

from flaskr.import_records.models import ImportKind
from flaskr.imports.jobs import Stage

blueprint = Blueprint("imports", __name__)

_KINDS = {
    ImportKind.FACTS: "claims or policies as they are today",
    ImportKind.MIGRATION: "migration from an older system",
    ImportKind.UNDO: "undo of an import",
}
_STAGES = {
    Stage.READING: "reading",
    Stage.INTERRUPTED: "interrupted",
    Stage.REFUSED: "refused",
    Stage.MAPPING: "columns to decide",
    Stage.READY: "ready to load",
    Stage.LOADING: "loading",
    Stage.LOADED: "loaded",
}


@blueprint.context_processor
def import_labels() -> dict[str, Any]:
    """Give the templates the labels of kinds and stages."""
    return {"KINDS": _KINDS, "STAGES": _STAGES}
