"""Files made while four processes post: each is consistent, and reading on misses nothing."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import cycle
from pathlib import Path

import pytest
from sqlalchemy import select

from flaskr.claims.models import Claim
from flaskr.exports.dictionary import FILE_COLUMNS
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents
from flaskr.policies.models import Policy
from tests.concurrency.runs import start_writers
from tests.concurrency.writers import STOP
from tests.exports.readers import EXACT, FORMS, Read, read
from tests.factories import make_claim

pytestmark = pytest.mark.slow

WRITERS = 4
FILES = 20  # of each kind
AMOUNTS = ("paid", "outstanding", "claim_cost", "recovered")


@contextmanager
def writing(settings) -> Iterator[None]:
    """Four processes post entries, and record claims and policies, until the block ends."""
    with start_writers(settings, "post", "shared", WRITERS) as writers:
        try:
            for _ in range(WRITERS):
                assert writers.stdout.readline().startswith("pid")
            yield
        finally:
            (settings.instance_folder / STOP).touch()
            output, _ = writers.communicate(timeout=60)
    assert len(json.loads(output.splitlines()[-1])["results"]) == WRITERS, "a writer died"


def total(columns: Read, name: str) -> Decimal:
    return sum(columns[name], Decimal("0.00"))


def facts_of(settings, response) -> dict:
    """The facts of this file, which the spool stores beside it."""
    tag = response.headers["ETag"].strip('"')
    return json.loads((settings.instance_folder / "spool" / f"{tag}.json").read_text())


def checked_export(
    contents: Contents, form: str, client, settings, folder: Path
) -> tuple[Read, dict]:
    """Export a file, compare it with its headers and facts, and return its columns and facts."""
    response = client.get(f"/export_{contents}?format={form}")
    assert response.status_code == 200, response.text
    facts = facts_of(settings, response)
    columns = read(response.data, form, EXACT[form], FILE_COLUMNS[contents], folder)
    rows = len(next(iter(columns.values())))
    assert rows == int(response.headers["X-Row-Count"]) == facts["rows"]
    assert {n: str(total(columns, n)) for n in facts["totals"]} == facts["totals"]
    return columns, facts


def assert_balances_are_running_sums(ledger: Read) -> None:
    balances: dict[str, list[Decimal]] = {}
    for row in range(len(ledger["entry_id"])):
        before = balances.setdefault(ledger["claim_reference"][row], [Decimal("0.00")] * 3)
        for index, name in enumerate(("paid", "outstanding", "recovered")):
            before[index] += ledger[name][row]
            assert ledger[f"{name}_after"][row] == before[index]


@pytest.fixture
def shared(session):
    make_claim(claim_reference="shared")
    session.commit()


def test_every_file_made_while_four_processes_post_is_consistent(
    client, session, shared, book_settings, tmp_path
):
    exports: dict[Contents, list[tuple[Read, dict]]] = {contents: [] for contents in Contents}
    with writing(book_settings):
        for _, form in zip(range(FILES), cycle(FORMS), strict=False):
            for contents in Contents:
                exports[contents].append(
                    checked_export(contents, form, client, book_settings, tmp_path)
                )

    ledger, _ = checked_export(Contents.LEDGER, "parquet", client, book_settings, tmp_path)
    assert_balances_are_running_sums(ledger)
    ids = ledger["entry_id"]
    claims = dict(session.execute(select(Claim.id, Claim.claim_reference)).all())
    policies = session.scalars(select(Policy.id).order_by(Policy.id)).all()
    for columns, facts in exports[Contents.LEDGER]:
        count = sum(number <= facts["watermark"]["ledger_entries"] for number in ids)
        assert columns == {name: values[:count] for name, values in ledger.items()}
    for columns, facts in exports[Contents.CLAIMS]:
        count = sum(number <= facts["watermark"]["ledger_entries"] for number in ids)
        until = {name: values[:count] for name, values in ledger.items()}
        assert [total(columns, n) for n in AMOUNTS] == [total(until, n) for n in AMOUNTS]
        known = [claims[n] for n in sorted(claims) if n <= facts["watermark"]["claims"]]
        assert columns["claim_reference"] == known[::-1]
    for columns, facts in exports[Contents.POLICIES]:
        known = [number for number in policies if number <= facts["watermark"]["policies"]]
        assert len(columns["policy_number"]) == len(known)
    watermarks = [facts["watermark"]["ledger_entries"] for _, facts in exports[Contents.LEDGER]]
    assert watermarks[-1] > watermarks[0]


def test_reading_since_the_last_entry_misses_and_repeats_nothing(
    client, session, shared, book_settings
):
    def following(since: str) -> tuple[list[int], str]:
        answer = client.get(f"/export_ledger?columns=entry_id&since={since}")
        return list(map(int, answer.text.split()[1:])), answer.headers["X-Next-Since"]

    ids: list[int] = []
    requests, since = 0, "0"
    with writing(book_settings):
        ends = time.monotonic() + 20  # the writers may be slow at first
        while requests < FILES or (len(ids) <= requests and time.monotonic() < ends):
            entries, since = following(since)
            ids += entries
            requests += 1
    entries, since = following(since)
    ids += entries

    whole = client.get("/export_ledger?columns=entry_id").text.split()[1:]
    assert ids == list(map(int, whole))
    assert len(ids) > FILES
    assert following(since) == ([], since)
    db.session.rollback()
