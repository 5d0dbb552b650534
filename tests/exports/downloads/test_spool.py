import os
import time

import pytest

from flaskr.exports.spool import (
    SPOOL_SECONDS,
    locked_file,
    remove_expired,
    store_file,
    stored_file,
    temporary_file,
)

TAG, OTHER, THIRD = "a" * 40, "b" * 40, "c" * 40


def store(folder, tag: str, content: bytes = b"0123456789") -> None:
    with temporary_file(folder) as part:
        part.path.write_bytes(content)
        store_file(part, tag, {"rows": 1})


def names_in(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def grow_old(folder, name: str, seconds: int = SPOOL_SECONDS + 1) -> None:
    os.utime(folder / name, (time.time() - seconds,) * 2)


def test_a_file_being_made_is_private_and_is_not_removed(tmp_path):
    with temporary_file(tmp_path / "spool") as part:
        assert part.path.stat().st_mode & 0o777 == 0o600
        assert part.path.parent.stat().st_mode & 0o777 == 0o700
        remove_expired(tmp_path / "spool", 0)
        assert part.path.exists()


def test_a_stored_file_is_found_by_its_tag_with_its_facts(tmp_path):
    store(tmp_path, TAG)

    file, facts = stored_file(tmp_path, TAG)
    with file:
        assert (file.read(), facts) == (b"0123456789", {"rows": 1})
    assert names_in(tmp_path) == [TAG, f"{TAG}.json"]
    assert (tmp_path / TAG).stat().st_mode & 0o777 == 0o600
    assert stored_file(tmp_path, OTHER) is None


@pytest.mark.parametrize("tag", ["", "../" + "a" * 37, "A" * 40, "a" * 40 + ".json"])
def test_a_tag_from_a_request_reaches_no_other_file(tmp_path, tag):
    store(tmp_path / "spool", TAG)

    assert stored_file(tmp_path / "spool", tag) is None


def test_a_file_without_its_facts_is_not_found(tmp_path):
    store(tmp_path, TAG)
    (tmp_path / f"{TAG}.json").unlink()

    assert stored_file(tmp_path, TAG) is None


def test_nothing_is_left_of_a_file_that_was_not_finished(tmp_path):
    with pytest.raises(OSError, match="full"), temporary_file(tmp_path):
        raise OSError("full")

    assert names_in(tmp_path) == []


def test_after_ten_minutes_a_file_is_not_found_and_is_removed(tmp_path):
    store(tmp_path, TAG)
    store(tmp_path, OTHER)
    for name in (TAG, f"{TAG}.json"):
        grow_old(tmp_path, name)

    assert stored_file(tmp_path, TAG) is None
    remove_expired(tmp_path, 1000)
    assert names_in(tmp_path) == [OTHER, f"{OTHER}.json"]


def test_the_oldest_files_are_removed_when_there_is_too_much(tmp_path):
    for age, tag in ((30, TAG), (20, OTHER), (10, THIRD)):
        store(tmp_path, tag)
        grow_old(tmp_path, tag, age)

    remove_expired(tmp_path, 3 * len('{"rows": 1}') + 20)

    assert [n for n in names_in(tmp_path) if not n.endswith(".json")] == [OTHER, THIRD]


def test_a_part_whose_process_died_is_removed_at_once(tmp_path):
    (tmp_path / "dead.part").write_bytes(b"half a file")
    with locked_file(tmp_path / "live.part"):
        remove_expired(tmp_path, 1000)
        assert names_in(tmp_path) == ["live.part"]


def test_an_open_file_can_be_read_to_its_end_after_it_is_removed(tmp_path):
    store(tmp_path, TAG, b"x" * 100_000)
    file, _ = stored_file(tmp_path, TAG)
    with file:
        remove_expired(tmp_path, 0)
        assert names_in(tmp_path) == [f"{TAG}.json"]
        assert len(file.read()) == 100_000


def test_a_file_removed_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    import flaskr.exports.spool as spool

    flock, first = spool.fcntl.flock, []

    def swept_once(file, how):
        if not first:
            first.append(file)
            (tmp_path / "x.part").unlink()
        flock(file, how)

    monkeypatch.setattr(spool.fcntl, "flock", swept_once)
    with locked_file(tmp_path / "x.part"):
        assert (tmp_path / "x.part").exists()
