"""Where the pages of imports hang."""

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
    Stage.CUT_SHORT: "interrupted",
    Stage.REFUSED: "refused",
    Stage.MAPPING: "column missing",
    Stage.SHOWN: "ready to load",
    Stage.LOADING: "loading",
    Stage.LOADED: "loaded",
}


@blueprint.context_processor
def words_of_imports() -> dict[str, Any]:
    """Give the templates what kinds and stages are called."""
    return {"KINDS": _KINDS, "STAGES": _STAGES}
