"""Where the pages of imports hang."""

from typing import Any

from flask import Blueprint

from flaskr.imports.jobs import Stage
from flaskr.sources.models import ImportKind

blueprint = Blueprint("imports", __name__)

KINDS = {
    ImportKind.FACTS: "as they are today",
    ImportKind.MIGRATION: "from an older system",
    ImportKind.UNDO: "an import taken back",
}
STAGES = {
    Stage.READING: "being read",
    Stage.CUT_SHORT: "cut short",
    Stage.REFUSED: "refused",
    Stage.MAPPING: "a column is missing",
    Stage.SHOWN: "waits for you",
    Stage.LOADING: "being loaded",
    Stage.LOADED: "loaded",
}


@blueprint.context_processor
def words_of_imports() -> dict[str, Any]:
    """Give the templates what kinds and stages are called."""
    return {"KINDS": KINDS, "STAGES": STAGES}
