"""The task and the result of a loading, as they are passed to and from the isolated process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flaskr.database.schema_revision import REVISION
from flaskr.errors import ClaimBookError
from flaskr.exit_codes import ExitCode
from flaskr.import_records.models import ImportKind

PLAN = "plan"  # the folder of the plan, in the folder of its job


class PlanOutdated(ClaimBookError):
    """A plan that no longer fits the book: a new dry run shows what it would do now."""

    status = 409
    exit_code = ExitCode.UNAVAILABLE


@dataclass(frozen=True)
class LoadTask:
    """A plan to load: its folder, the book, and the values of the import's record and event."""

    plan: Path
    address: str  # opens the book for writing
    time_zone: str
    kind: ImportKind
    job: str
    actor: str
    watermark: dict[str, Any]
    counts: dict[str, int]  # rows created, changed, unchanged, refused
    files: tuple[dict[str, Any], ...]  # a row of import_files each
    counters: dict[str, int]
    claims_left_out: int | None  # of a migration, by choice
    event: dict[str, Any]  # of the trail, without what only the loading knows
    revision: str = REVISION  # of the process that makes the task


@dataclass(frozen=True)
class Loaded:
    """The id of the import that was loaded, and its number of ledger entries."""

    import_id: int
    entries: int


def mapping_text(columns: Mapping[str, str], constants: Mapping[str, str], **options: Any) -> str:
    """Return how a file was read as JSON, for the record of the import."""
    used = {name: value for name, value in options.items() if value}
    mapping = {"columns": columns, "constants": constants, **used}
    return json.dumps(mapping, ensure_ascii=False, sort_keys=True)
