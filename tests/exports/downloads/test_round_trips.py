"""Any text, amount and date from the database to every format and back."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from flaskr.claims.models import ENTRY_TEXTS, Claim, EntryTexts, LedgerEntry, coverage_of
from flaskr.database.transactions import lock_ledger
from flaskr.exports.dictionary import FILE_COLUMNS
from flaskr.extensions import db
from flaskr.facts.closed_lists import (
    Contents,
    CostType,
    EntryType,
    LineOfBusiness,
    ReasonCode,
    Status,
)
from flaskr.facts.kinds import TEXTS
from flaskr.policies.models import Policy
from tests.exports.readers import EXACT, EXCEL_SV, FORMS, read
from tests.files.writers.any_rows import ODD_TEXTS, accepted, texts

pytestmark = pytest.mark.slow

LARGEST = Decimal("9999999999999999.99")
MOVED = Decimal("999999999999.99")
FIRST, LAST = date(1, 1, 1), date(9999, 12, 31)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
LATEST = datetime(9999, 12, 31, 22, tzinfo=UTC)  # on the last day there
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
FORMULAS = tuple("=+-@\t\r\n'")

free_texts = texts.map(lambda t: t or "")
references = texts.map(lambda t: (t or "")[:64])
days = st.dates() | st.sampled_from([FIRST, LAST, date(1900, 2, 28), date(1900, 3, 1)])
some_days = st.none() | days
instants = st.datetimes(timezones=st.just(UTC))
amounts = st.decimals(0, 10**12, places=2) | st.decimals(0, 1000, places=2)
moves = st.decimals(-MOVED, MOVED, places=2)

policies = st.fixed_dictionaries(
    {
        "policy_number": references,
        "policyholder": free_texts,
        "line_of_business": st.sampled_from(LineOfBusiness),
        "period": st.lists(days, min_size=2, max_size=2, unique=True).map(sorted),
        "is_cancelled": st.booleans(),
        "premium": amounts,
        "deductible": amounts,
        "sum_insured": st.none() | amounts,
    }
)
claims = st.fixed_dictionaries(
    {
        "claim_reference": references,
        "description": free_texts,
        "cause": st.none() | st.sampled_from(["fire", "damage_to_others"]),
        "status": st.sampled_from(Status),
        "dates": st.tuples(some_days, some_days),
        "closed_date": some_days,
        "paid": amounts,
        "outstanding": amounts,
        "policy": st.none() | st.integers(0, 1000),
    }
)
entries = st.fixed_dictionaries(
    {
        "transaction_date": days,
        "recorded_at": instants,
        "recorded_by": references,
        "reason": texts,
        "moved": st.tuples(moves, moves, moves),
        "after": st.tuples(amounts, amounts),
        "reverses": st.booleans(),
    }
)
books = st.tuples(
    st.lists(policies, min_size=1, max_size=8),
    st.lists(claims, min_size=1, max_size=15),
    st.lists(entries, min_size=1, max_size=15),
)


class Book:
    """The rows put into the database, as files must have them."""

    def __init__(self) -> None:
        self.rows: dict[Contents, list[tuple]] = {contents: [] for contents in Contents}
        self.policies: list[Policy] = []
        self.claims: list[dict] = []  # what each gives to the rows of its entries

    def add_policy(self, made: dict) -> None:
        begin, end = made["period"]
        facts = {n: v for n, v in made.items() if n not in ("period", "is_cancelled")}
        facts |= {"inception_date": begin, "expiry_date": end}
        facts |= {"cancelled_on": begin if made["is_cancelled"] else None}
        number = len(self.policies) + 1
        own = {"id": number, "policy_number_key": f"p{number}", **recorded(EPOCH)}
        db.session.execute(insert(Policy).values(**facts, **own))
        self.policies.append(Policy(**facts))
        shown = facts | {"currency": "SEK"}
        self.rows[Contents.POLICIES].insert(0, in_columns(Contents.POLICIES, shown))

    def add_claim(self, made: dict) -> None:
        place = made["policy"] and made["policy"] % len(self.policies) + 1
        loss, reported = made["dates"]
        if loss and reported:
            loss, reported = sorted((loss, reported))
        given = {n: v for n, v in made.items() if n not in ("dates", "policy")}
        facts = given | {"loss_date": loss, "reported_date": reported, "event_code": None}
        facts["recovered"] = made["paid"]
        number = len(self.claims) + 1
        own = {"id": number, "claim_reference_key": f"c{number}", **recorded(EPOCH)}
        db.session.execute(insert(Claim).values(policy_id=place or None, **facts, **own))
        policy = self.policies[place - 1] if place else None
        of_policy = {
            "policy_number": policy and policy.policy_number,
            "line_of_business": policy and policy.line_of_business,
        }
        of_claim = ("claim_reference", "cause", "loss_date", "reported_date")
        self.claims.append({name: facts[name] for name in of_claim} | of_policy)
        shown = {
            **facts,
            **of_policy,
            "coverage": coverage_of(policy, loss),
            "claim_cost": made["paid"] + made["outstanding"],
            "currency": "SEK",
        }
        self.rows[Contents.CLAIMS].insert(0, in_columns(Contents.CLAIMS, shown))

    def add_entry(self, made: dict) -> None:
        number = len(self.rows[Contents.LEDGER]) + 1
        paid, outstanding, recovered = made["moved"]
        facts = {
            "entry_type": EntryType.ADJUSTMENT,
            **dict(zip(("paid", "outstanding", "recovered"), made["moved"], strict=True)),
            **dict(zip(("paid_after", "outstanding_after"), made["after"], strict=True)),
            "recovered_after": made["after"][0],
            "status_after": Status.OPEN,
            "import_id": number if number % 2 else None,
            "import_row": 2**31 - number if number % 2 else None,
            "reverses": number - 1 if made["reverses"] and number > 1 else None,
            **{n: made[n] for n in ("transaction_date", "recorded_at", "recorded_by")},
            "cost_type": CostType.EXPENSE if number % 3 else CostType.INDEMNITY,
            "reason_code": ReasonCode.OTHER if number % 2 else None,
        }
        owner = number % len(self.claims)
        db.session.execute(insert(LedgerEntry).values(id=number, claim_id=owner + 1, **facts))
        texts = dict.fromkeys(ENTRY_TEXTS, made["reason"])
        db.session.execute(insert(EntryTexts).values(entry_id=number, **texts))
        shown = {
            **facts,
            **texts,
            **self.claims[owner],
            "entry_id": number,
            "recorded_date": min(made["recorded_at"], LATEST).astimezone(STOCKHOLM).date(),
            "claim_cost": paid + outstanding,
            "currency": "SEK",
            "imported_at": None,
            "exceptions": None,
        }
        self.rows[Contents.LEDGER].append(in_columns(Contents.LEDGER, shown))


def recorded(at: datetime) -> dict:
    return {"recorded_at": at, "recorded_by": "command", "version": 1}


def in_columns(contents: Contents, shown: dict) -> tuple:
    return tuple(shown[column.name] for column in FILE_COLUMNS[contents])


@pytest.fixture(scope="module")
def book(lasting_app) -> Book:
    """A book with difficult values: unusual texts, extreme amounts and dates."""
    made = Book()
    with lasting_app.app_context():
        for number, odd in enumerate(filter(None, map(accepted, (*ODD_TEXTS, "Å" * 32_000)))):
            day, largest = (FIRST, LAST)[number % 2], LARGEST if number < 2 else Decimal("0.05")
            made.add_policy({
                "policy_number": odd[:64], "policyholder": odd, "is_cancelled": number % 3 == 0,
                "line_of_business": LineOfBusiness.HOME, "period": [FIRST, LAST],
                "premium": largest, "deductible": LARGEST, "sum_insured": None,
            })  # fmt: skip
            made.add_claim({
                "claim_reference": odd[:64], "description": odd, "cause": None,
                "status": Status.OPEN, "dates": (day, day), "closed_date": day, "paid": largest,
                "outstanding": Decimal("0.00"), "policy": number,
            })  # fmt: skip
            made.add_entry({
                "transaction_date": day, "recorded_by": odd[:64], "reason": odd,
                "recorded_at": datetime(day.year, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
                "moved": (MOVED, -MOVED, Decimal("-0.01")), "after": (LARGEST, LARGEST),
                "reverses": False,
            })  # fmt: skip
        db.session.commit()
    return made


def rows_of(app, contents: Contents, form: str, folder, more: str = "") -> list[tuple]:
    response = app.test_client().get(f"/export_{contents}?format={form}{more}")
    assert response.status_code == 200, response.text
    columns = read(response.data, form, EXACT[form], FILE_COLUMNS[contents], folder)
    return list(zip(*columns.values(), strict=True))


def without_apostrophe(contents: Contents, row: tuple) -> tuple:
    """The row without the apostrophe that escapes a formula."""
    kinds = [column.kind for column in FILE_COLUMNS[contents]]
    return tuple(
        value[1:] if kind in TEXTS and (value or "").startswith("'") else value
        for kind, value in zip(kinds, row, strict=True)
    )


@settings(
    max_examples=3, phases=(Phase.explicit, Phase.generate)
)  # each example adds to the same book
@given(books)
def test_any_book_comes_back_from_every_format(lasting_app, book, tmp_path_factory, added):
    folder = tmp_path_factory.mktemp("files")
    with lasting_app.app_context():
        for add, rows in zip((book.add_policy, book.add_claim, book.add_entry), added, strict=True):
            for row in rows:
                add(row)
        lock_ledger()  # so that it is sealed
        db.session.commit()

    for contents in Contents:
        for form in FORMS:
            found = rows_of(lasting_app, contents, form, folder)
            if form in ("csv", EXCEL_SV):
                starts = {v[:1] for row in found for v in row if isinstance(v, str)}
                assert starts.isdisjoint(FORMULAS[:-1])
                found = [without_apostrophe(contents, row) for row in found]
            assert found == book.rows[contents], (contents, form)


@pytest.mark.parametrize("contents", Contents)
@pytest.mark.parametrize("form", ["csv", EXCEL_SV])
def test_raw_files_have_every_text_unchanged(lasting_app, book, tmp_path, contents, form):
    assert rows_of(lasting_app, contents, form, tmp_path, "&raw=1") == book.rows[contents]
