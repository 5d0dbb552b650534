"""Files have pseudonyms, and names only with a reason and for roles that see them."""

import pytest

from flaskr.exports.spool import PIN
from flaskr.users.models import Role
from flaskr.values.pseudonyms import pseudonym, pseudonym_column
from tests.privacy.pseudonyms.readers import (
    DESCRIPTION,
    NAME,
    REASON,
    file_events,
    frame,
    pseudonym_in,
    read_fully,
    reading_client,
    spooled_files,
)
from tests.users.people import token_headers

POLICIES, CLAIMS = "/export_policies", "/export_claims"
NAMED = f"{POLICIES}?{REASON}"
FORMS = ("csv", "csv&raw=1", "csv&dialect=excel-sv", "xlsx", "parquet", "arrow", "jsonl")
TEXTS = ("csv", "csv&dialect=excel-sv", "jsonl")


def test_files_have_pseudonyms_unless_a_reason_is_given(book, handler, actuary):
    with book.app_context():
        column, hidden = pseudonym_column(), pseudonym(NAME)
    for client in (handler, actuary):
        policies = frame(client.get(f"{POLICIES}?sort=policy_number").data)
        assert list(policies)[2] == column
        assert list(policies[column])[:2] == [hidden, hidden]
        assert len(set(policies[column])) == 2
        assert "description" not in frame(client.get(CLAIMS).data)

    named = frame(handler.get(f"{NAMED}&sort=policy_number").data)
    assert list(named["policyholder"]) == [NAME, NAME.upper(), "Bo Annan"]
    assert DESCRIPTION in set(frame(handler.get(f"{CLAIMS}?{REASON}").data)["description"])


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_file_has_names_without_a_reason(handler, form):
    for address in (POLICIES, CLAIMS):
        body = handler.get(f"{address}?format={form}").data
        assert NAME.encode() not in body
        assert DESCRIPTION.encode() not in body
        if form in TEXTS:
            named = handler.get(f"{address}?format={form}&{REASON}").data
            assert (NAME if address == POLICIES else DESCRIPTION).encode() in named


def test_without_the_right_a_reason_is_refused_in_words(actuary):
    for address in (POLICIES, CLAIMS, "/export_ledger", f"{POLICIES}?manifest=1"):
        answer = actuary.get(f"{address}{'&' if '?' in address else '?'}{REASON}")
        assert answer.status_code == 403
        assert "Names are not available here: leave out “reason”" in answer.text


@pytest.mark.parametrize(
    ("reason", "message"),
    [("", "3 to 200"), ("ab", "3 to 200"), ("x" * 201, "3 to 200"), ("one%0Atwo", "on one line")],
)
def test_a_reason_is_a_sentence(handler, reason, message):
    answer = handler.get(f"{POLICIES}?reason={reason}")

    assert answer.status_code == 400
    assert message in answer.text


def test_a_column_that_may_name_people_is_refused_in_words(handler, actuary):
    addresses = {
        f"{POLICIES}?columns=policyholder": ("with reason=", "ask for policyholder_"),
        f"{CLAIMS}?columns=description": ("with reason=", "leave it out"),
    }
    for address, (to_handler, to_actuary) in addresses.items():
        for client, message in ((handler, to_handler), (actuary, to_actuary)):
            answer = client.get(address)
            assert answer.status_code == 403
            assert message in answer.text
        assert handler.get(f"{address}&{REASON}").status_code == 200
    assert actuary.get(f"{POLICIES}?columns=description").status_code == 400


def test_pseudonyms_are_picked_by_the_name_of_their_column(actuary):
    column = pseudonym_in(frame(actuary.get(POLICIES).data))

    picked = frame(actuary.get(f"{POLICIES}?columns={column},policy_number").data)

    assert list(picked) == [column, "policy_number"]


def test_the_manifest_declares_what_the_reader_gets_and_never_the_reason(handler):
    plain = handler.get(f"{POLICIES}?manifest=1").json
    named = handler.get(f"{NAMED}&manifest=1").json

    (column,) = (each for each in plain["columns"] if each["name"].startswith("policyholder_"))
    assert (column["type"], column["personal"]) == ("string", True)
    assert "pseudonym" in column["meaning"]
    assert "policyholder" in [each["name"] for each in named["columns"]]
    assert "reason" not in named["query"]
    assert "asked by" not in str(named)


def test_the_reason_changes_neither_the_tag_nor_the_file(handler):
    one, other = (handler.get(f"{POLICIES}?reason={each}") for each in ("first", "second"))

    assert one.headers["ETag"] == other.headers["ETag"]
    assert one.headers["ETag"] != handler.get(POLICIES).headers["ETag"]


def test_in_an_open_book_a_reason_is_recorded_and_changes_nothing_else(open_book):
    client = read_fully(open_book.test_client())
    plain, named = client.get(POLICIES), client.get(NAMED)

    assert plain.data == named.data
    assert NAME.encode() in plain.data
    assert plain.headers["ETag"] == named.headers["ETag"]
    assert [event.get("reason") for event in file_events(open_book)] == [
        None,
        "asked by the person",
    ]


@pytest.mark.parametrize("role", [Role.ACTUARY, Role.HANDLER])
def test_the_etag_of_a_file_with_names_gives_nobody_its_bytes(book, handler, role):
    """A role with names that gives no reason gets no more than a role without."""
    named = handler.get(NAMED)
    tag = named.headers["ETag"]
    attacker = reading_client(book, role, "attacker@example.com")
    own = attacker.get(POLICIES).data

    for condition in ({"If-Match": tag}, {"If-Match": tag, "Range": "bytes=10-"}):
        answer = attacker.get(POLICIES, headers=condition)
        assert answer.status_code == 412
        assert NAME.encode() not in answer.data
    for condition in (
        {"If-Range": tag, "Range": "bytes=0-"},
        {"If-Range": tag, "Range": "bytes=10-"},
        {"If-None-Match": tag},
    ):
        answer = attacker.get(POLICIES, headers=condition)
        assert (answer.status_code, answer.data) == (200, own)
    assert NAME.encode() not in own


def test_a_search_by_name_needs_a_role_that_sees_names(handler, actuary):
    """Even without names, the rows found by a search would reveal the name."""
    response = handler.get(f"{POLICIES}?text={NAME}")
    assert response.headers["X-Row-Count"] == "2"

    for condition in ({}, {"If-Range": response.headers["ETag"], "Range": "bytes=0-"}):
        answer = actuary.get(f"{POLICIES}?text={NAME}", headers=condition)
        assert answer.headers["X-Row-Count"] == "0"
    answer = actuary.get(f"{POLICIES}?text={NAME}", headers={"If-Match": response.headers["ETag"]})
    assert answer.status_code == 412


def test_a_partial_download_continues_only_for_the_same_reader(book, handler):
    """Parts are tied to address, program and user: two handlers behind one proxy are different."""
    other = reading_client(book, Role.HANDLER, "other@example.com")
    handler.get(NAMED, headers={"Range": "bytes=0-9"})
    pins = {path for path in spooled_files(book) if path.suffix == PIN}

    other.get(NAMED, headers={"Range": "bytes=10-19"})

    assert len([path for path in spooled_files(book) if path.suffix == PIN]) == 2 * len(pins)
    assert [event["actor"] for event in file_events(book)] == [
        "handler@example.com", "other@example.com",
    ]  # fmt: skip


def test_a_program_with_a_token_gets_what_its_person_gets(book):
    program = read_fully(book.test_client())

    named = program.get(NAMED, headers=token_headers(book, Role.HANDLER))
    refused = program.get(NAMED, headers=token_headers(book, Role.ACTUARY))

    assert NAME.encode() in named.data
    assert (refused.status_code, file_events(book)[-1]["actor"]) == (403, "handler@example.com")


def test_another_key_makes_another_tag_and_another_column(book, make_app, book_settings):
    from dataclasses import replace

    from tests.users.people import signed_in_settings

    before = reading_client(book, Role.ACTUARY).get(POLICIES)
    settings = signed_in_settings(book_settings)
    again = make_app(replace(settings, pseudonym_key="8c1f0d2ab7e8135566a1d0c3b2e4f7a8998877"))
    after = reading_client(again, Role.ACTUARY).get(POLICIES)

    assert before.headers["ETag"] != after.headers["ETag"]
    assert pseudonym_in(frame(before.data)) != pseudonym_in(frame(after.data))


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet", "arrow", "jsonl"])
def test_a_file_of_pseudonyms_comes_back_without_touching_a_name(book, handler, tmp_path, form):
    path = tmp_path / f"policies.{form}"
    path.write_bytes(handler.get(f"{POLICIES}?format={form}").data)

    done = book.test_cli_runner().invoke(args=["import", str(path)])

    assert done.exit_code == 0, done.output
    assert "columns left out: policyholder_" in done.output
    assert "3 unchanged" in done.output
    assert NAME in handler.get("/policies/H-1").text


def test_a_file_of_pseudonyms_verifies_against_its_manifest(book, handler, tmp_path):
    path = tmp_path / "policies.csv"
    path.write_bytes(handler.get(POLICIES).data)
    beside = tmp_path / "policies.csv.manifest.json"
    beside.write_bytes(handler.get(f"{POLICIES}?manifest=1").data)

    done = book.test_cli_runner().invoke(args=["exports", "verify", str(path)])

    assert done.exit_code == 0, done.output


def test_the_command_gives_names_for_a_reason(book, tmp_path):
    runner = book.test_cli_runner()
    for name, options in (("plain", []), ("named", ["--reason", "for the auditors"])):
        path = str(tmp_path / f"{name}.csv")
        done = runner.invoke(args=["exports", "policies", "--to", path, *options])
        assert done.exit_code == 0, done.output

    assert NAME not in (tmp_path / "plain.csv").read_text(encoding="utf-8")
    assert NAME in (tmp_path / "named.csv").read_text(encoding="utf-8")
    assert [(event["identified"], event.get("reason")) for event in file_events(book)] == [
        (False, None), (True, "for the auditors"),
    ]  # fmt: skip
