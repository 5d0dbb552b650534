"""What a loading is given and gives: passed between the web and the isolated process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flaskr.errors import ClaimBookError
from flaskr.import_records.models import ImportKind

PLAN = "plan"  # the folder of a plan, in that of its import


class PlanOutdated(ClaimBookError):
    """A plan that no longer fits the book: a new dry run shows what it would do now."""

    status = 409


@dataclass(frozen=True)
class LoadTask:
    """A plan to load: where it is, which book it is for, and what is to be said of it."""

    plan: Path
    address: str  # to write
    time_zone: str
    kind: ImportKind
    job: str
    actor: str
    watermark: dict[str, int]
    counts: dict[str, int]  # rows created, changed, unchanged, refused
    files: tuple[dict[str, Any], ...]  # a row of import_files each
    counters: dict[str, int]
    event: dict[str, Any]  # of the trail, but for what only the loading knows


@dataclass(frozen=True)
class Loaded:
    """What was loaded, under which number."""

    import_id: int
    entries: int


def mapping_text(columns: Mapping[str, str], constants: Mapping[str, str], **how: str) -> str:
    """Return how a file was read, as the record of the import keeps it."""
    said = {"columns": columns, "constants": constants, **{k: v for k, v in how.items() if v}}
    return json.dumps(said, ensure_ascii=False, sort_keys=True)
