"""History as an older system had it (27_history): its figures on pages, in files and by command."""

import csv
import io
import re

from tests.imports.importing import FILES
from tests.imports.uploading import load, migrate, page_text

CASE = [FILES / f"27_history_{name}.csv" for name in ("policies", "claims", "ledger")]
LOSS_DATES = {"H-1": "2024-02-20", "H-2": "2024-03-02", "H-3": "2024-01-10"}
# Claim, as at, basis: paid, outstanding, recovered, status. Some with neither basis have both.
FIGURES = [
    ("H-1", "2024-03-31", "booked", ("0.00", "12500.00", "0.00", "open")),
    ("H-1", "2024-03-31", "known", ("0.00", "10000.00", "0.00", "open")),
    ("H-1", "2024-04-30", "booked", ("4000.00", "8500.00", "0.00", "open")),
    ("H-1", "2024-04-30", "known", ("4000.00", "6000.00", "0.00", "open")),
    *(
        ("H-1", "2024-05-31", b, ("4000.00", "8500.00", "0.00", "open"))
        for b in ("booked", "known")
    ),
    *(
        ("H-2", "2024-03-10", b, ("0.00", "5000.00", "3000.00", "open"))
        for b in ("booked", "known")
    ),
    *(
        ("H-2", "2024-03-31", b, ("5000.00", "0.00", "3000.00", "open"))
        for b in ("booked", "known")
    ),
    *(("H-3", "2024-06-10", b, ("8450.00", "0.00", "0.00", "closed")) for b in ("booked", "known")),
    *(("H-3", "2024-06-30", b, ("8250.00", "0.00", "0.00", "closed")) for b in ("booked", "known")),
]
# The sums of the three claims.
TOTALS = {
    ("2024-03-31", "booked"): ("13000.00", "12500.00", "3000.00", "22500.00"),
    ("2024-03-31", "known"): ("13000.00", "10000.00", "3000.00", "20000.00"),
    ("2024-04-30", "booked"): ("17000.00", "8500.00", "3000.00", "22500.00"),
    ("2024-04-30", "known"): ("17000.00", "6000.00", "3000.00", "20000.00"),
    ("2024-06-10", "known"): ("17450.00", "8500.00", "3000.00", "22950.00"),
    ("2024-06-30", "booked"): ("17250.00", "8500.00", "3000.00", "22750.00"),
}
WARNINGS = (
    "1 entry is taken as it was, of a type that the claim's status does not allow: H-3.",
    "1 entry is taken as it was, dated before an entry that was recorded earlier: H-1.",
    "1 entry is taken as it was, of another type in the older system: H-3.",
)


def without_spaces(text: str) -> str:
    """A text without the narrow spaces between the thousands of an amount."""
    return text.replace("\u202f", "")


def test_the_command_takes_all_of_it_and_lists_what_breaks_a_rule(runner):
    files = [str(path) for path in CASE]

    tried = runner.invoke(args=["import", "--migration", "--dry-run", *files])
    loaded = runner.invoke(args=["import", "--migration", *files])
    again = runner.invoke(args=["import", "--migration", *files])
    check = runner.invoke(args=["claims", "check"])

    for warning in WARNINGS:
        assert warning in tried.output
    assert "11 created (claim cost 25750.00 SEK), 0 unchanged, 0 refused" in tried.output
    assert "Loaded as import 1." in loaded.output
    assert "0 created, 11 unchanged (claim cost 25750.00 SEK), 0 refused" in again.output
    assert "agrees with its ledger: 3 claims, 11 entries" in check.output


def test_the_figures_by_command(runner):
    assert runner.invoke(args=["import", "--migration", *map(str, CASE)]).exit_code == 0

    for (day, basis), expected in TOTALS.items():
        said = runner.invoke(args=["claims", "totals", "--as-at", day, "--basis", basis]).output
        figures = dict(line.rsplit(None, 1) for line in without_spaces(said).splitlines()[1:])
        names = ("paid", "outstanding", "recovered", "net")
        assert tuple(figures[name] for name in names) == expected, (day, basis)


def test_the_figures_on_pages_and_in_files(client):
    shown = migrate(client, *((path.name, path.read_bytes()) for path in CASE))
    load(client, shown)

    for warning in WARNINGS:
        assert warning in page_text(shown)
    for reference, day, basis, (paid, outstanding, recovered, status) in FIGURES:
        loss = LOSS_DATES[reference]
        where = f"as_at={day}&basis={basis}&loss_from={loss}&loss_to={loss}"
        page = client.get(f"/claims?{where}").text
        shown_figures = re.findall(r"<dd>([^<]*)</dd>", without_spaces(page))
        [row] = csv.DictReader(io.StringIO(client.get(f"/export_claims?{where}").text))

        assert (row["claim_reference"], row["status"]) == (reference, status)
        assert (row["paid"], row["outstanding"], row["recovered"]) == (paid, outstanding, recovered)
        assert shown_figures == [paid, outstanding, row["claim_cost"], recovered]
        assert f">{status}<" in re.sub(r"\s+", "", page)
