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


def made(folder, tag: str, content: bytes = b"0123456789") -> None:
    with temporary_file(folder) as part:
        part.path.write_bytes(content)
        store_file(part, tag, {"rows": 1})


def names_in(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def grow_old(folder, name: str, seconds: int = SPOOL_SECONDS + 1) -> None:
    os.utime(folder / name, (time.time() - seconds,) * 2)


def test_a_file_in_the_making_is_for_this_user_only_and_no_sweep_takes_it(tmp_path):
    with temporary_file(tmp_path / "spool") as part:
        assert part.path.stat().st_mode & 0o777 == 0o600
        assert part.path.parent.stat().st_mode & 0o777 == 0o700
        remove_expired(tmp_path / "spool", 0)
        assert part.path.exists()


def test_a_kept_file_is_found_under_its_tag_with_its_facts(tmp_path):
    made(tmp_path, TAG)

    file, facts = stored_file(tmp_path, TAG)
    with file:
        assert (file.read(), facts) == (b"0123456789", {"rows": 1})
    assert names_in(tmp_path) == [TAG, f"{TAG}.json"]
    assert (tmp_path / TAG).stat().st_mode & 0o777 == 0o600
    assert stored_file(tmp_path, OTHER) is None


@pytest.mark.parametrize("tag", ["", "../" + "a" * 37, "A" * 40, "a" * 40 + ".json"])
def test_a_tag_from_outside_reaches_no_other_file(tmp_path, tag):
    made(tmp_path / "spool", TAG)

    assert stored_file(tmp_path / "spool", tag) is None


def test_a_file_without_its_facts_is_not_there(tmp_path):
    made(tmp_path, TAG)
    (tmp_path / f"{TAG}.json").unlink()

    assert stored_file(tmp_path, TAG) is None


def test_nothing_is_left_of_a_file_that_was_given_up(tmp_path):
    with pytest.raises(OSError, match="full"), temporary_file(tmp_path):
        raise OSError("full")

    assert names_in(tmp_path) == []


def test_after_ten_minutes_it_is_not_handed_out_and_the_sweep_takes_it(tmp_path):
    made(tmp_path, TAG)
    made(tmp_path, OTHER)
    for name in (TAG, f"{TAG}.json"):
        grow_old(tmp_path, name)

    assert stored_file(tmp_path, TAG) is None
    remove_expired(tmp_path, 1000)
    assert names_in(tmp_path) == [OTHER, f"{OTHER}.json"]


def test_the_oldest_go_when_they_are_too_much(tmp_path):
    for age, tag in ((30, TAG), (20, OTHER), (10, THIRD)):
        made(tmp_path, tag)
        grow_old(tmp_path, tag, age)

    remove_expired(tmp_path, 3 * len('{"rows": 1}') + 20)

    assert [n for n in names_in(tmp_path) if not n.endswith(".json")] == [OTHER, THIRD]


def test_a_part_whose_maker_died_goes_at_once(tmp_path):
    (tmp_path / "dead.part").write_bytes(b"half a file")
    with locked_file(tmp_path / "live.part"):
        remove_expired(tmp_path, 1000)
        assert names_in(tmp_path) == ["live.part"]


def test_a_file_that_is_being_read_can_be_read_to_its_end_after_a_sweep(tmp_path):
    made(tmp_path, TAG, b"x" * 100_000)
    file, _ = stored_file(tmp_path, TAG)
    with file:
        remove_expired(tmp_path, 0)
        assert names_in(tmp_path) == [f"{TAG}.json"]
        assert len(file.read()) == 100_000


def test_a_sweep_between_making_and_locking_a_file_is_noticed(tmp_path, monkeypatch):
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
