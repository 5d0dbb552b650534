"""Whatever the book keeps is for its owner only, whatever the umask."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from flaskr import create_app, private_files
from flaskr.exports.kept.services import kept_folder
from flaskr.imports.job_folders import JOBS
from flaskr.settings import BOOK_FILE, PROJECT_FOLDER
from tests.books import close_connections, make_settings
from tests.exports.kept.test_pages import keep
from tests.imports.importing import COSTS, write_file
from tests.imports.uploading import upload


@pytest.fixture(params=[0o000, 0o002, 0o022])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """What group or others have a right to, below the folder and itself."""
    return [
        f"{path.relative_to(folder)} {stat.filemode(path.stat().st_mode)}"
        for path in (folder, *folder.rglob("*"))
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_kind_of_work_leaves_nothing_to_others(tmp_path, umask, make_app):
    folder = tmp_path / "made" / "instance"
    outside = tmp_path / "outside"
    outside.mkdir()
    app = make_app(make_settings(folder, secret_key=""))
    client, runner = app.test_client(), app.test_cli_runner()
    costs = write_file(outside / "costs.csv", COSTS, ["A-1", "1.50"], ["A-2", "x"])

    assert client.get("/generate_random_claim").status_code == 303
    assert client.get("/export_claims?format=parquet").status_code == 200
    kept = keep(client, name="year")
    tried = upload(client, ("costs.csv", costs.read_bytes()))
    loaded = runner.invoke(
        args=["import", str(costs), "--good-rows", "--refused", str(outside / "refused.csv")]
    )
    written = [
        runner.invoke(args=["exports", *words]).exit_code
        for words in (
            ["claims", "--to", str(outside / "names.csv"), "--manifest"],
            ["claims", "--to", str(outside / "plain.csv"), "--columns", "claim_reference"],
            ["book", str(outside / "book.zip")],
        )
    ]

    assert (kept.status_code, tried.status_code) == (303, 200)
    assert (loaded.exit_code, written) == (0, [0, 0, 0]), loaded.output
    assert {f"{BOOK_FILE}-wal", f"{BOOK_FILE}-shm", f"{BOOK_FILE}-writers"} <= {
        path.name for path in folder.iterdir()
    }
    assert [any(each.iterdir()) for each in (folder / JOBS, kept_folder(app.config))] == [True] * 2
    assert open_to_others(folder) == []
    assert rights(tmp_path / "made") == 0o777 & ~umask
    assert rights(outside / "plain.csv") == 0o666 & ~umask
    for name in ("names.csv", "names.csv.manifest.json", "refused.csv", "book.zip"):
        assert rights(outside / name) == 0o600


def test_what_an_older_version_left_open_is_tightened_at_start(tmp_path, make_app):
    close_connections(make_app(make_settings(tmp_path, secret_key="")))
    (tmp_path / "kept" / "1").mkdir(parents=True)
    (tmp_path / "kept" / "1" / "file.csv").touch()
    (tmp_path / "gunicorn.conf.py").touch()  # not the book's: whoever put it there decides
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)

    make_app(make_settings(tmp_path))

    assert open_to_others(tmp_path) == ["gunicorn.conf.py -rw-r--r--"]


def test_an_instance_folder_behind_a_link_is_tightened_too(tmp_path, make_app):
    real = tmp_path / "disk"
    real.mkdir(mode=0o755)
    (tmp_path / "instance").symlink_to(real)
    elsewhere = tmp_path / "shared"
    elsewhere.mkdir()
    elsewhere.chmod(0o755)
    (real / "kept").symlink_to(elsewhere)

    make_app(make_settings(tmp_path / "instance"))

    assert open_to_others(real) == ["kept drwxr-xr-x"]


def test_what_belongs_to_somebody_else_gets_one_warning(tmp_path, make_app, caplog, monkeypatch):
    close_connections(make_app(make_settings(tmp_path)))
    (tmp_path / BOOK_FILE).chmod(0o644)
    tmp_path.chmod(0o755)

    def refuse(*arguments):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(private_files.Path, "chmod", refuse)
    make_app(make_settings(tmp_path))

    (said,) = [record.getMessage() for record in caplog.records]
    assert said == (
        f"Other users of this machine may use {tmp_path} and 1 more of the book's files, and this "
        f"user may not change that. Let their owner run: chmod -R go= {tmp_path}"
    )


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_a_command_that_root_runs_does_not_lock_the_books_user_out(tmp_path):
    os.chown(tmp_path, 1234, 1234)

    subprocess.run(
        [sys.executable, "-c", "from flaskr import create_app; create_app()"],
        cwd=PROJECT_FOLDER,
        env={"PATH": os.environ["PATH"], "INSTANCE_FOLDER": str(tmp_path)},
        check=True,
    )

    assert {path.stat().st_uid for path in tmp_path.iterdir()} == {1234}


def test_a_folder_that_everybody_shares_is_left_as_it_is(tmp_path):
    tmp_path.chmod(0o1777)

    close_connections(create_app(make_settings(tmp_path)))

    assert rights(tmp_path) == 0o777 | stat.S_ISVTX
