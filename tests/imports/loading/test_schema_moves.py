"""A migration between the dry run and the loading: the isolated process refuses to write."""

import pytest

from flaskr.database.modes import transaction_mode
from flaskr.errors import SchemaError
from flaskr.extensions import db
from flaskr.imports.loading.services import load_import
from tests.books import highest_ids
from tests.database.moving_schema import move
from tests.imports.importing import COSTS

pytestmark = pytest.mark.both_databases


def test_an_import_that_was_confirmed_before_a_migration_is_refused(importing):
    job = importing.job(COSTS, ("N-1", "10"))
    job.update_request(is_confirmed=True)
    move()

    with pytest.raises(SchemaError, match="at revision 9999"):
        load_import(job)

    with transaction_mode("read"):
        assert highest_ids() == (0, 0, 0, 0, 0)
        db.session.remove()
    assert not job.request.is_confirmed
    assert "nothing was written" in job.request.note
