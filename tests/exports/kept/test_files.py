import hashlib
import io
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from flaskr.errors import ChangedMeanwhile
from flaskr.exports.kept.changes import ExportHeld, delete_file, hold_file
from flaskr.exports.kept.files import (
    KeptExportDamaged,
    NameTaken,
    folder_of,
    keep_file,
    kept_export,
    kept_exports,
)
from flaskr.settings import PROJECT_FOLDER

CONTENT = b"0123456789" * 100
DELETED = {"at": "2024-02-01T00:00:00+00:00", "by": "open"}


def manifest_of(name: str, content: bytes = CONTENT, at: str = "2024-01-01T00:00:00+00:00") -> dict:
    sha256 = hashlib.sha256(content).hexdigest()
    return {
        "file": {"name": f"{name}.csv", "format": "csv", "size": len(content), "sha256": sha256},
        "kept": {"name": name, "at": at, "by": "open"},
    }


def keep_one(root: Path, name: str = "A", **facts):
    return keep_file(root, io.BytesIO(CONTENT), manifest_of(name, **facts))


def killed_at(step: int, work, *arguments) -> bool:
    """Run work in a process that is killed at its nth file system call; return whether it was."""
    child = os.fork()
    if not child:
        steps = count(1)

        def kill(event: str, seen: tuple) -> None:
            if event.startswith(("open", "os.", "shutil.", "fcntl.")) and next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(kill)
        work(*arguments)
        os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def test_keeping_that_is_killed_at_any_step_leaves_nothing_or_the_complete_export(tmp_path):
    outcomes = set()
    for step in count(1):
        root = tmp_path / str(step)
        was_killed = killed_at(step, keep_one, root)
        kept = kept_export(root, "A")
        outcomes.add(kept is not None)
        if kept:
            assert (kept.path.read_bytes(), kept.manifest) == (CONTENT, manifest_of("A"))
            with pytest.raises(NameTaken, match="already exists"):
                keep_one(root)
        else:
            keep_one(root)
        assert [path for path in root.rglob("*") if path.suffix == ".part"] == []
        assert len(kept_exports(root)) == 1
        if not was_killed:
            break

    assert outcomes == {True, False}
    assert step > 10


def test_a_deletion_killed_at_any_step_never_leaves_a_manifest_of_a_missing_file(tmp_path):
    for step in count(1):
        root = tmp_path / str(step)
        kept = keep_one(root)
        was_killed = killed_at(step, delete_file, root, "A", DELETED)
        now = kept_export(root, "A")
        assert now.deleted_at or now.path.read_bytes() == CONTENT
        keep_one(root, "B")  # which removes leftovers
        assert kept.path.exists() == (now.deleted_at is None)
        assert [path for path in root.rglob("*") if path.suffix == ".part"] == []
        if not was_killed:
            break

    assert now.deleted_at
    assert step > 5


def test_only_one_of_many_concurrent_requests_gets_a_name(tmp_path):
    def attempt(number: int) -> bytes | None:
        content = bytes([number]) * 100_000
        try:
            keep_file(tmp_path / "kept", io.BytesIO(content), manifest_of("A", content))
        except NameTaken:
            return None
        return content

    with ThreadPoolExecutor(8) as pool:
        won = [content for content in pool.map(attempt, range(1, 17)) if content]

    (kept,) = kept_exports(tmp_path / "kept")
    assert [kept.path.read_bytes()] == won


FULL_DISK = """
import sys
from pathlib import Path
from flaskr.errors import DiskFull
from flaskr.exports.kept.files import keep_file
from tests.exports.kept.test_files import CONTENT, keep_one, manifest_of
import io
root = Path(sys.argv[1]) / "kept"
keep_one(root)
large = CONTENT * 1000
try:
    keep_file(root, io.BytesIO(large), manifest_of("B", large))
except DiskFull as error:
    print(error)
print(*sorted(path.name for path in root.rglob("*") if path.is_file()))
"""


@pytest.mark.slow
def test_a_full_disk_gives_an_error_and_leaves_nothing(tmp_path):
    mounted = f"mount -t tmpfs -o size=128k tmpfs {tmp_path}"
    box = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if subprocess.run([*box, mounted], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk")

    result = subprocess.run(
        [*box, f'{mounted} && "$0" -c "$1" {tmp_path}', sys.executable, FULL_DISK],
        cwd=PROJECT_FOLDER,
        capture_output=True,
        text=True,
    )

    assert result.stdout.startswith("The disk is full, and nothing was done."), result.stderr
    assert result.stdout.splitlines()[-1] == "file.csv lock manifest.json"


def test_a_file_that_differs_from_its_manifest_is_not_kept(tmp_path):
    with pytest.raises(KeptExportDamaged, match="changed while it was being kept"):
        keep_file(tmp_path, io.BytesIO(b"other"), manifest_of("A"))

    assert kept_exports(tmp_path) == []


def test_the_newest_come_first_whatever_their_names(tmp_path):
    for name, year in (("B", 2024), ("A", 2023), ("C", 2022)):
        keep_one(tmp_path, name, at=f"{year}-01-01T00:00:00+00:00")

    assert [kept.name for kept in kept_exports(tmp_path)] == ["B", "A", "C"]


def test_names_that_differ_only_in_case_have_the_same_folder(tmp_path):
    alike = {folder_of(tmp_path, name) for name in ("Straße", "STRASSE", " strasse ")}

    assert len(alike) == 1


def test_nothing_is_deleted_twice(tmp_path):
    keep_one(tmp_path)
    delete_file(tmp_path, "A", DELETED)

    with pytest.raises(ChangedMeanwhile, match="deleted already"):
        delete_file(tmp_path, "A", DELETED)


def test_what_is_held_is_not_deleted_until_it_is_let_go(tmp_path):
    keep_one(tmp_path)
    hold_file(tmp_path, "A", {**DELETED, "reason": "the auditors"})

    with pytest.raises(ExportHeld, match="held by open, .*: the auditors"):
        delete_file(tmp_path, "A", DELETED)
    with pytest.raises(ChangedMeanwhile, match="held already"):
        hold_file(tmp_path, "A", {**DELETED, "reason": "another"})
    hold_file(tmp_path, "A", None)
    with pytest.raises(ChangedMeanwhile, match="not held already"):
        hold_file(tmp_path, "A", None)
    delete_file(tmp_path, "A", DELETED)

    assert kept_export(tmp_path, "A").deleted_at
