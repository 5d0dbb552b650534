import hashlib
import os
import subprocess

import pytest

from flaskr.archive.services import is_archive
from tests.factories import make_claim, make_policy, pay, reserve


@pytest.fixture
def claim(session):
    claim = make_claim(policy=make_policy())
    reserve(claim, "10.00")
    pay(claim, "4.00")
    session.commit()
    return claim


def test_the_book_is_written_and_described(runner, claim, tmp_path):
    path = tmp_path / "book.zip"

    result = runner.invoke(args=["exports", "book", str(path)])

    assert result.exit_code == 0, result.output
    assert is_archive(path)
    assert f"{path}: {path.stat().st_size} bytes" in result.output
    assert "ledger_entries     2\n" in result.output
    assert hashlib.sha256(path.read_bytes()).hexdigest() in result.output
    assert [each.name for each in tmp_path.glob("book*")] == ["book.zip"]


def test_an_existing_archive_is_replaced_only_with_overwrite(runner, claim, tmp_path):
    path = tmp_path / "book.zip"
    path.write_bytes(b"mine")

    refused = runner.invoke(args=["exports", "book", str(path)])
    kept = path.read_bytes()
    replaced = runner.invoke(args=["exports", "book", str(path), "--overwrite"])

    assert (refused.exit_code, kept, replaced.exit_code) == (2, b"mine", 0)
    assert "Use --overwrite" in refused.output
    assert is_archive(path)


def test_a_missing_folder_is_an_error(runner, claim, tmp_path):
    result = runner.invoke(args=["exports", "book", str(tmp_path / "none" / "book.zip")])

    assert result.exit_code == 2
    assert "There is no folder" in result.output


def test_an_empty_book_can_be_archived(runner, session, tmp_path):
    result = runner.invoke(args=["exports", "book", str(tmp_path / "book.zip")])

    assert result.exit_code == 0
    assert "claims             0\n" in result.output


def test_a_full_disk_gives_an_error_and_leaves_nothing(runner, claim, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8192", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True).returncode:
        if os.environ.get("CI"):
            pytest.fail("a disk cannot be mounted; CI may not skip")
        pytest.skip("only root can mount a small disk")

    result = runner.invoke(args=["exports", "book", str(small / "book.zip")])
    left = list(small.iterdir())
    subprocess.run(["umount", "--lazy", str(small)], check=True)

    assert result.exit_code == 4
    assert "The disk is full" in result.output
    assert left == []
