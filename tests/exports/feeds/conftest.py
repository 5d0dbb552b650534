import pytest

from tests.imports.importing import Importing


@pytest.fixture
def importing(session, tmp_path) -> Importing:
    """Imports into an empty book on each database."""
    return Importing(tmp_path)
