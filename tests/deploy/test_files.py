"""What the files of deploy/ say fits the settings and the documentation."""

import re

from flaskr.imports.forms import MOST_FILES
from flaskr.settings import PROJECT_FOLDER, Settings
from tests.deploy.nginx import SOURCE

CONFIGURATION = SOURCE.read_text(encoding="utf-8")
MIB = 1024**2


def largest_body(location: str) -> int:
    """The bytes of the largest body at a location, or at all others."""
    block = CONFIGURATION.partition(location)[2] if location else CONFIGURATION
    return int(re.search(r"client_max_body_size (\d+)m;", block)[1]) * MIB


def test_nginx_lets_through_what_the_book_takes():
    settings = Settings()

    assert settings.max_request_bytes < largest_body("") < 4 * settings.max_request_bytes
    assert largest_body("^/import_claims/?$") > MOST_FILES * settings.import_bytes
    assert largest_body("^/exports/verify/?$") > settings.verify_bytes
    waits = int(re.search(r"proxy_read_timeout +(\d+)s;", CONFIGURATION)[1])
    assert waits > settings.export_seconds
    kept = int(re.search(r"proxy_max_temp_file_size (\d+)m;", CONFIGURATION)[1])
    assert kept * MIB > settings.spool_bytes


def test_the_documentation_starts_gunicorn_as_the_unit_does():
    unit = (PROJECT_FOLDER / "deploy" / "claimbook.service").read_text(encoding="utf-8")
    command = re.search(
        r"^ExecStart=/opt/claimbook/(.*) flaskr:create_app\(\)$", unit, re.MULTILINE
    )
    page = (PROJECT_FOLDER / "docs" / "operating.md").read_text(encoding="utf-8")

    assert f"{command[1]} 'flaskr:create_app()'" in page
