"""A disk that is full or can only be read: 507 or 503 with a sentence, and nothing left behind."""

import io
import subprocess

import pytest

from flaskr.exit_codes import ExitCode
from flaskr.extensions import db
from flaskr.imports.job_folders import JOBS
from flaskr.settings import BOOK_FILE
from tests.books import make_settings
from tests.browsing import fields_of
from tests.factories import make_claim
from tests.failing.servers import fill, small_disk

pytestmark = pytest.mark.slow


@pytest.fixture
def on_small_disk(tmp_path, template_book, make_app):
    """An embedded book on a small disk, and the disk's folder."""
    with small_disk(tmp_path / "disk", 8) as disk:
        folder = disk / "book"
        folder.mkdir()
        (folder / BOOK_FILE).write_bytes(template_book.read_bytes())
        app = make_app(make_settings(folder))
        with app.app_context():
            for _ in range(3):
                make_claim()
            db.session.commit()
            db.session.remove()
        yield app, disk


def upload(client, form: dict[str, str], rows: int):
    text = "claim_reference,paid\n" + "".join(f"A-{n},10.00\n" for n in range(rows))
    return client.post(
        "/import_claims", data={**form, "files": (io.BytesIO(text.encode()), "claims.csv")}
    )


def entries(folder) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*") if "claimbook" not in path.name)


@pytest.mark.parametrize("left", [0, 4096, 65_536])
def test_a_full_disk_at_upload_answers_507_and_leaves_no_folder(on_small_disk, left):
    app, disk = on_small_disk
    client = app.test_client()
    form = fields_of(client.get("/import_claims"))
    (disk / "book" / JOBS).mkdir()
    before = entries(disk / "book")
    fill(disk, leave=left)

    answer = upload(client, form, 30_000)

    assert answer.status_code == 507
    assert "The disk is full" in answer.text
    assert str(disk) not in answer.text
    assert entries(disk / "book") == before


def test_a_full_disk_of_the_embedded_book(on_small_disk, tmp_path):
    app, disk = on_small_disk
    client = app.test_client()
    form = fields_of(client.get("/claims/new"))
    form |= {"loss_date": "2024-03-01", "reported_date": "2024-03-02", "cause": "water"}
    fill(disk)

    health = client.get("/healthz")
    shown = client.get("/claims")
    reported = client.post("/claims/new", data=form)
    file = client.get("/export_claims?format=csv")
    result = app.test_cli_runner().invoke(
        args=["demo", "fill", "--policies", "200", "--claims", "900"]
    )
    exported = app.test_cli_runner().invoke(args=["exports", "claims", "--to", str(tmp_path / "o")])

    assert (health.status_code, health.json["database"]) == (503, "full")
    assert shown.status_code == 200
    assert (reported.status_code, "disk is full" in reported.text) == (503, True)
    assert (file.status_code, "disk is full" in file.text) == (507, True)
    assert result.exit_code in (ExitCode.UNAVAILABLE, ExitCode.REFUSED), result.output
    assert exported.exit_code == ExitCode.UNAVAILABLE, (exported.output, exported.exception)
    assert (disk / "book" / "claimbook.db").stat().st_size > 0
    (disk / "filling").unlink()
    assert client.get("/healthz").status_code == 200
    assert app.test_cli_runner().invoke(args=["claims", "check"]).exit_code == ExitCode.DONE


def test_a_disk_that_can_only_be_read(on_small_disk):
    app, disk = on_small_disk
    client = app.test_client()
    form = fields_of(client.get("/claims/new"))
    form |= {"loss_date": "2024-03-01", "reported_date": "2024-03-02", "cause": "water"}
    sending = fields_of(client.get("/import_claims"))
    with app.app_context():
        db.engine.dispose()
    done = subprocess.run(["mount", "-o", "remount,ro", str(disk)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    health = client.get("/healthz")
    answers = [
        client.post("/claims/new", data=form),
        client.get("/export_claims?format=csv"),
        upload(client, sending, 10),
    ]
    result = app.test_cli_runner().invoke(args=["users", "create", "x@example.com", "--name", "X"])

    assert health.status_code == 503
    assert health.json["database"] in ("read-only", "not readable")
    assert [answer.status_code for answer in answers] == [503] * 3, [a.text for a in answers]
    assert not any("error in ClaimBook" in answer.text for answer in answers)
    assert result.exit_code == ExitCode.UNAVAILABLE, (result.output, result.exception)
