import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from flaskr.audit.services import command_actor
from tests.factories import make_claim, make_policy, reserve


@pytest.fixture
def write(runner, small_book, tmp_path):
    """Run flask exports, check that it succeeds or fails as expected, and return the output."""

    def run(*arguments: str, fails: bool = False) -> str:
        result = runner.invoke(args=["exports", *arguments])
        assert bool(result.exit_code) is fails, result.output
        return result.output

    return run


def test_the_command_writes_the_same_file_as_the_address(write, client, tmp_path):
    path = tmp_path / "claims.parquet"
    write("claims", "--to", str(path), "--where", "sort=claim_cost&coverage=not_in_force")

    address = "/export_claims?format=parquet&sort=claim_cost&coverage=not_in_force"
    assert path.read_bytes() == client.get(address).data


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "arrows", "arrow", "jsonl"])
def test_the_format_follows_from_the_file_name_extension(write, client, tmp_path, ending):
    path = tmp_path / f"ledger.{ending}"
    write("ledger", "--to", str(path))

    form = ending.replace("arrows", "arrow")
    assert path.read_bytes() == client.get(f"/export_ledger?format={form}").data


def test_an_arrow_download_is_named_as_a_stream_is(client, small_book):
    response = client.get("/export_claims?format=arrow")

    assert response.headers["Content-Disposition"].endswith(".arrows")
    assert response.mimetype == "application/vnd.apache.arrow.stream"


def test_the_options_are_the_parameters_of_the_address(write, client, tmp_path):
    path = tmp_path / "file"
    form = ["--format", "csv", "--dialect", "excel-sv", "--raw", "--columns", "policy_number"]
    write("policies", "--to", str(path), *form, "--as-at", "2024-12-31", "--basis", "booked")

    form = "dialect=excel-sv&raw=1&columns=policy_number"
    assert path.read_bytes() == (
        client.get(f"/export_policies?{form}&as_at=2024-12-31&basis=booked").data
    )


def test_the_command_prints_what_it_wrote(write, tmp_path):
    path = tmp_path / "claims.csv"
    said = write("claims", "--to", str(path))

    content = path.read_bytes()
    assert f"{path}: 4 rows, {len(content)} bytes\n" in said
    assert "paid         60.10\n" in said
    assert f"sha256       {hashlib.sha256(content).hexdigest()}\n" in said


def test_the_next_ledger_file_continues_where_the_manifest_says(write, session, tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    write("ledger", "--to", str(first), "--manifest")
    manifest = json.loads((tmp_path / "first.csv.manifest.json").read_text(encoding="utf-8"))
    reserve(make_claim(claim_reference="LATER", policy=make_policy()), "7.00")
    session.commit()
    write("ledger", "--to", str(second), "--since", str(manifest["next_since"]))

    assert manifest["rows"] == len(pd.read_csv(first)) == 3
    assert manifest["made"]["by"] == command_actor()
    assert list(pd.read_csv(second)["claim_reference"]) == ["LATER"]


def test_an_existing_file_is_replaced_only_with_overwrite(write, tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("mine", encoding="utf-8")

    assert "already exists" in write("claims", "--to", str(path), fails=True)
    assert path.read_text(encoding="utf-8") == "mine"
    write("claims", "--to", str(path), "--overwrite")
    assert path.read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as-at", "2024-13-01"], "As at: “2024-13-01” is not a date"),
        (["--as-at", "2999-01-01"], "is in the future"),
        (["--basis", "booked"], "give as_at too"),
        (["--where", "stauts=open"], "no parameter “stauts”"),
        (["--columns", "paid,x"], "“x” is not a column of claims"),
        (["--where", "format=csv", "--format", "xlsx"], "“format” is given more than once"),
    ],
)
def test_an_invalid_option_is_an_error_and_nothing_is_written(write, tmp_path, arguments, said):
    output = write("claims", "--to", str(tmp_path / "out"), *arguments, fails=True)

    assert said in output
    assert list(tmp_path.glob("out*")) == []


def test_a_missing_folder_is_an_error_before_the_work(write, tmp_path):
    path = tmp_path / "nowhere" / "claims.csv"

    assert f"There is no folder {path.parent}" in write("claims", "--to", str(path), fails=True)


def test_a_folder_without_write_permission_leaves_no_file(write):
    said = write("claims", "--to", "/proc/claims.csv", fails=True)

    assert "/proc/claims.csv cannot be written" in said
    assert not Path("/proc/claims.csv").exists()
