import os

from hypothesis import HealthCheck, given, settings

from tests.books import highest_ids
from tests.files.readers.hostile import hostile_files
from tests.imports.uploading import upload

FILES = int(os.environ.get("HOSTILE_FILES", "20"))


def test_hostile_files_get_an_error_page_and_nothing_is_written(sqlite_app, sqlite_client):
    @settings(max_examples=FILES, suppress_health_check=list(HealthCheck))
    @given(file=hostile_files())
    def send(file):
        form, content = file

        page = upload(sqlite_client, (f"faulty.{form}", content))

        assert page.status_code in (200, 413, 422), page.text
        assert "Import" in page.text

    send()

    with sqlite_app.app_context():
        assert highest_ids() == (0, 0, 0, 0, 0)
