import pytest

from flaskr.archive.bulk.connections import book_transaction
from flaskr.database.engine import driver_url
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.imports.loading.checks import check_written
from flaskr.imports.loading.tasks import PLAN
from flaskr.imports.plan import PLAN_SCHEMAS, plan_rows
from tests.imports.importing import COSTS, load

pytestmark = pytest.mark.both_databases


def test_the_written_entries_are_compared_with_the_plan(importing):
    job = importing.job(COSTS, ["A", 5], ["B", 7])
    load(job)
    db.session.remove()

    with book_transaction(driver_url("rw")) as connection:
        check_written(connection, job.folder / PLAN, 1)
        with pytest.raises(ClaimBookError, match="does not add up to the dry run"):
            check_written(connection, job.folder / PLAN, 2)


def test_an_empty_plan_has_all_its_tables(dry_runs):
    job = dry_runs.job(COSTS, ["A", "x"])

    rows = {name: plan_rows(job.folder / PLAN, name) for name in PLAN_SCHEMAS}
    assert rows == {
        **dict.fromkeys(PLAN_SCHEMAS, 0),
        "touched": 1,
    }  # the key of a refused row
