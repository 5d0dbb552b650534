import logging
from pathlib import Path

import pytest

from flaskr import create_app
from flaskr.database.network_disks import _filesystem_of, warn_of_network_disk
from tests.books import make_settings

MOUNTS = """
/dev/vda / ext4 rw 0 0
server:/books {folder}/shared nfs4 rw 0 0
//server/books {folder}/with\\040space cifs rw 0 0
/dev/vdb {folder}/shared/local xfs rw 0 0
/dev/vdc {folder}/hidden nfs rw 0 0
/dev/vdc {folder}/hidden ext4 rw 0 0
"""


@pytest.fixture
def mounts(tmp_path, monkeypatch):
    path = tmp_path / "mounts"
    path.write_text(MOUNTS.format(folder=tmp_path).lstrip())
    monkeypatch.setattr("flaskr.database.network_disks._MOUNTS", path)
    return path


@pytest.mark.parametrize(
    ("folder", "filesystem"),
    [
        ("shared/instance", "nfs4"),
        ("with space/instance", "cifs"),
        ("shared/local/instance", None),
        ("hidden/instance", None),
        ("shared2/instance", None),
    ],
)
def test_a_book_on_a_network_disk_is_warned_of(mounts, tmp_path, caplog, folder, filesystem):
    warn_of_network_disk(tmp_path / folder)

    said = [record.getMessage() for record in caplog.records]
    assert [f"({filesystem})" in text for text in said] == ([True] if filesystem else [])


def test_a_machine_that_lists_no_disks_is_not_warned(mounts, tmp_path, caplog):
    mounts.unlink()

    warn_of_network_disk(tmp_path / "shared")

    assert caplog.records == []


def test_the_disks_of_this_machine_are_read():
    assert _filesystem_of(Path("/proc")) == "proc"


def test_the_application_warns_when_it_starts(mounts, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        create_app(make_settings(tmp_path / "shared"))

    assert "Move INSTANCE_FOLDER to a local disk" in caplog.text
