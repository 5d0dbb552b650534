"""What an erasure does not reach, and where it is."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flaskr.database.engine import is_embedded
from flaskr.exports.kept.files import KeptExport, kept_exports
from flaskr.exports.kept.services import kept_folder
from flaskr.imports.job_folders import JOBS
from flaskr.imports.jobs import LOADED, REQUEST, Job
from flaskr.privacy.names import PersonNames
from flaskr.privacy.queries import (
    PersonRecords,
    claims_naming,
    old_events_naming,
    policies_held_by,
)

_OUT_OF_REACH = (
    "Archives, backups, logs that are kept elsewhere and files that were sent out are not reached."
)
_NOT_OVERWRITTEN = "PostgreSQL keeps deleted rows on disk until it overwrites them; see VACUUM."


@dataclass(frozen=True)
class OwnFiles:
    """Files in the book's folder that have a person's name, or may have it.

    `held` are kept exports on hold, and `unfinished` imports that are not loaded: they stay.
    """

    exports: tuple[KeptExport, ...]
    held: tuple[KeptExport, ...]
    jobs: tuple[Job, ...]
    unfinished: tuple[Job, ...]


@dataclass(frozen=True)
class Copy:
    """A kind of copies that remain: what they are and what to do, and each of them."""

    text: str
    places: tuple[str, ...] = ()


def own_files(config: Mapping[str, Any], names: PersonNames) -> OwnFiles:
    """Return the kept exports and the folders of imports that have the names, or may have them."""
    exports = [
        each
        for each in kept_exports(kept_folder(config))
        if is_named_in(each, names) or (each.has_names and not each.deleted_at)
    ]
    folders = sorted((config["INSTANCE_FOLDER"] / JOBS).glob(f"*/{REQUEST}"))
    jobs = [Job(path.parent) for path in folders]
    return OwnFiles(
        exports=tuple(each for each in exports if not each.manifest["kept"].get("hold")),
        held=tuple(each for each in exports if each.manifest["kept"].get("hold")),
        jobs=tuple(job for job in jobs if job.read(LOADED) is not None),
        unfinished=tuple(job for job in jobs if job.read(LOADED) is None),
    )


def is_named_in(export: KeptExport, names: PersonNames) -> bool:
    """Whether what people wrote about a kept export, or asked it for, has a name of the person."""
    kept, filters = export.manifest["kept"], export.manifest.get("filter", {})
    said = [
        export.name,
        kept.get("note"),
        (export.hold or {}).get("reason"),
        *(json.dumps(f, ensure_ascii=False) for f in filters.values()),
    ]
    return any(map(names.is_in, said))


def remaining_copies(records: PersonRecords, files: OwnFiles) -> Sequence[Copy]:
    """Return what remains when the book itself is erased; `files` are those that stay."""
    found = [copy for copy in _copies(records, files) if copy.places]
    return [*found, Copy(_OUT_OF_REACH if is_embedded() else f"{_OUT_OF_REACH} {_NOT_OVERWRITTEN}")]


def _copies(records: PersonRecords, files: OwnFiles) -> Iterator[Copy]:
    """Yield each kind of copies; a kind without places is not listed."""
    others = policies_held_by(records.names)
    numbers = (number for policy, number in others.items() if policy not in records.policy_ids)
    yield Copy("The same name is on other policies:", tuple(numbers))
    yield Copy(
        "The name is in texts of other claims; erase those too if they are about this person:",
        tuple(claims_naming(records.names, records.claim_ids)),
    )
    yield Copy(
        "These kept exports may still have the data:", tuple(each.name for each in files.exports)
    )
    yield Copy(
        "These kept exports are held, and stay until somebody lets them go:",
        tuple(each.name for each in files.held),
    )
    yield Copy(
        "These imported files may still have the data. They are deleted 30 days after the import:",
        tuple(map(_files_of, files.jobs)),
    )
    yield Copy(
        "These imports are not loaded yet; load or discard them first:",
        tuple(map(_files_of, files.unfinished)),
    )
    events = old_events_naming(records.names)
    yield Copy(
        "These events of the trail, from an earlier version, have the name for good:",
        tuple(f"event {event}" for event in events),
    )


def _files_of(job: Job) -> str:
    """Return the folder of an import in the instance folder, with the names of its files."""
    return f"{JOBS}/{job.name}: {', '.join(str(file['name']) for file in job.request.files)}"
