"""The file of each version of the facts of claims and policies."""

import json
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from flaskr.claims.queries import claim_by_reference
from flaskr.facts.closed_lists import Cause, LineOfBusiness
from flaskr.facts.revision_columns import REVISION_COLUMNS
from flaskr.policies.queries import policy_by_number
from flaskr.policies.services import cancel_policy
from tests.claims.clocks import amend, at, edit
from tests.documentation import example_with
from tests.exports.golden import default_first
from tests.exports.readers import EXACT, FORMS, read
from tests.exports.serving import served
from tests.factories import ACTOR, make_claim, make_policy, reserve

SECRETS = ("Åsa Öberg", "Örjan Quist", "The cellar of Åsa")
NAMES = [column.name for column in REVISION_COLUMNS]
KEY = ("kind", "reference", "version")
RECORDED = "2025-01-10 12:00:00.000000Z"
EDITED = "2025-02-10 12:00:00.000000Z"


@pytest.fixture
def edited_book(session):
    """A claim and its policy, each edited once, and a claim that was not."""
    with at("2025-01-10T12:00"):
        policy = make_policy(policy_number="H-1", policyholder=SECRETS[0])
        claim = make_claim(claim_reference="A", policy=policy, event_code="S-1")
        make_claim(claim_reference="B", loss_date=None, reported_date=None, cause=None)
    with at("2025-02-10T12:00"):
        edit(claim, cause=Cause.FIRE, policy_id=None, description=SECRETS[2])
        amend(policy, premium=Decimal("6000.50"), policyholder=SECRETS[1])
    session.commit()


def rows_of(client, query: str = "") -> list[dict]:
    answer = client.get(f"/export_revisions?format=jsonl&{query}")
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def keys_of(client, query: str = "") -> list[tuple]:
    return [tuple(row[name] for name in KEY) for row in rows_of(client, query)]


@pytest.mark.both_databases
def test_a_row_is_a_version_with_its_facts_and_its_instants(edited_book, client):
    first, second, other, before, after = rows_of(client)

    none = dict.fromkeys(NAMES) | {"currency": "SEK"}
    recorded = {"recorded_at": RECORDED, "recorded_by": ACTOR}
    replaced = {"replaced_at": EDITED, "replaced_by": ACTOR}
    again = {"recorded_at": EDITED, "recorded_by": ACTOR}
    days = {"loss_date": "2024-03-01", "reported_date": "2024-03-02", "event_code": "S-1"}
    terms = {
        "line_of_business": "home", "inception_date": "2024-01-01", "expiry_date": "2025-01-01",
        "premium": "5000.00", "deductible": "1500.00",
    }  # fmt: skip
    claim = none | {"kind": "claim", "reference": "A"} | days
    policy = none | {"kind": "policy", "reference": "H-1"} | terms
    assert first == claim | recorded | replaced | {
        "version": 1, "cause": "water", "policy_number": "H-1"
    }  # fmt: skip
    assert second == claim | again | {"version": 2, "cause": "fire", "text_changed": "description"}
    assert other == none | recorded | {"kind": "claim", "reference": "B", "version": 1}
    assert before == policy | recorded | replaced | {"version": 1}
    assert after == policy | again | {
        "version": 2, "premium": "6000.50", "text_changed": "policyholder"
    }  # fmt: skip


@pytest.mark.both_databases
def test_after_a_seal_come_new_versions_and_those_that_they_replaced(edited_book, client, session):
    since = client.get("/export_revisions").headers["X-Next-Since"]
    nothing = keys_of(client, f"since={since}")
    edit(claim_by_reference("A"), cause=Cause.STORM)
    edit(claim_by_reference("A"), cause=Cause.GLASS)
    cancel_policy(policy_by_number("H-1"), date(2024, 6, 1), seen_version=2, actor=ACTOR)
    make_claim(claim_reference="C")
    session.commit()

    assert nothing == []
    assert keys_of(client, f"since={since}") == [
        ("claim", "A", 2), ("claim", "A", 3), ("claim", "A", 4), ("claim", "C", 1),
        ("policy", "H-1", 2), ("policy", "H-1", 3),
    ]  # fmt: skip
    assert keys_of(client, f"since={since}&kind=policy") == [("policy", "H-1", n) for n in (2, 3)]
    assert keys_of(client, "sort=-recorded") == keys_of(client)[::-1]


def test_the_next_since_is_in_header_and_manifest_of_the_same_seal(edited_book, client):
    answer = client.get("/export_revisions")
    manifest = client.get("/export_revisions?manifest=1").json
    other = client.get("/export_revisions?since=9:" + "a" * 64)
    number = client.get("/export_revisions?since=3")

    assert manifest["next_since"] == answer.headers["X-Next-Since"] == manifest["watermark"]["seal"]
    assert (manifest["rows"], manifest["totals"]) == (5, {"premium": "11000.50"})
    assert other.status_code == 409
    assert "Begin again without “since”" in other.text
    assert (number.status_code, "not a seal" in number.text) == (400, True)


@pytest.mark.parametrize("form", default_first(FORMS, "csv", "parquet", "xlsx"))
def test_every_format_has_the_same_rows_and_no_names(edited_book, client, tmp_path, form):
    body = client.get(f"/export_revisions?format={form}").data

    found = read(body, form, EXACT[form], REVISION_COLUMNS, tmp_path)

    assert list(zip(*(found[name] for name in KEY), strict=True)) == keys_of(client)
    assert found["premium"] == [None] * 3 + [Decimal("5000.00"), Decimal("6000.50")]
    shown = [str(value) for values in found.values() for value in values]
    assert [secret for secret in SECRETS if any(secret in text for text in shown)] == []


def test_a_reader_may_ask_for_a_part_or_for_what_it_does_not_have(edited_book, client):
    whole = client.get("/export_revisions?format=parquet")
    tag = whole.headers["ETag"]
    part = client.get(
        "/export_revisions?format=parquet", headers={"Range": "bytes=0-3"}, buffered=True
    )
    unchanged = client.get(
        "/export_revisions?format=parquet", headers={"If-None-Match": tag}, buffered=True
    )
    head = client.head("/export_revisions?format=parquet", buffered=True)

    assert (part.status_code, part.data) == (206, b"PAR1")
    assert unchanged.status_code == 304
    assert (head.headers["ETag"], head.headers["Content-Length"]) == (tag, str(len(whole.data)))


def test_the_command_writes_the_same_file_and_verify_agrees(edited_book, client, runner, tmp_path):
    path = tmp_path / "facts.parquet"
    arguments = ["exports", "revisions", "--to", str(path), "--where", "kind=policy", "--manifest"]
    written = runner.invoke(args=arguments)
    verified = runner.invoke(args=["exports", "verify", str(path)])

    assert written.exit_code == 0, written.output
    assert path.read_bytes() == client.get("/export_revisions?format=parquet&kind=policy").data
    assert verified.exit_code == 0, verified.output


def test_the_dictionary_has_the_columns(client):
    page = client.get("/dictionary").text

    assert "/export_revisions" in page
    assert "the number of the version: 1 as first recorded" in page


def test_the_documented_recipe_follows_both_feeds(edited_book, app, session):
    with served(app) as address:
        names: dict = {}
        exec(  # noqa: S102
            example_with("X-Next-Since").replace("http://127.0.0.1:5000", address), names
        )
        follow = names["follow"]
        assert len(names["facts"]) == 3
        ledger, entry = follow("ledger")
        edit(claim_by_reference("A"), cause=Cause.STORM)
        amend(policy_by_number("H-1"), line_of_business=LineOfBusiness.MOTOR)
        reserve(make_claim(claim_reference="C"), "5.00")
        session.commit()

        copy, _ = follow("revisions", names["revisions"], names["since"])
        ledger, _ = follow("ledger", ledger, entry)
        whole, _ = follow("revisions")

    by_key = [each.sort_values(list(KEY), ignore_index=True) for each in (copy, whole)]
    pd.testing.assert_frame_equal(*by_key)
    assert len(whole) == 8
    assert ledger["outstanding"].to_list() == [Decimal("5.00")]
