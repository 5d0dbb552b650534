from datetime import date
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from flaskr.claims.filters import ClaimFilter
from flaskr.claims.models import Claim
from flaskr.claims.row_queries import claim_rows
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, Coverage, LineOfBusiness, Status
from flaskr.values.as_at import Basis, Valuation
from flaskr.web.parameters import FilterError
from tests.claims.varied import varied_claims
from tests.factories import make_claim, make_policy

pytestmark = pytest.mark.both_databases

VALUATIONS = (
    None,
    *(Valuation(date(2024, 5, 12), basis) for basis in Basis),
    *(Valuation(date(2024, 6, 10), basis) for basis in Basis),
)
VALUATION_IDS = [
    f"{valuation.basis} {valuation.day}" if valuation else "now" for valuation in VALUATIONS
]
MATCHES = {
    "status=open": lambda row: row.status == "open",
    "status=closed&status=declined": lambda row: row.status in ("closed", "declined"),
    "cause=water&cause=fire": lambda row: row.cause in ("water", "fire"),
    "line_of_business=motor": lambda row: row.line_of_business == "motor",
    "line_of_business=property": lambda row: row.line_of_business == "property",
    "coverage=not_in_force": lambda row: row.coverage == "not_in_force",
    "coverage=unverified&status=open": lambda row: (
        (row.coverage, row.status) == ("unverified", "open")
    ),
    "event_code=STORM-1": lambda row: row.event_code == "STORM-1",
    "event_code=storm-1": lambda row: False,
    "event_code=STORM-1&event_code=Å 2": lambda row: row.event_code is not None,
    "loss_from=2024-03-01": lambda row: row.loss_date and row.loss_date >= date(2024, 3, 1),
    "loss_to=2024-03-01": lambda row: row.loss_date and row.loss_date <= date(2024, 3, 1),
    "loss_from=2024-03-01&loss_to=2024-03-01": lambda row: row.loss_date == date(2024, 3, 1),
    "reported_from=2024-04-21&reported_to=2024-04-21": lambda row: (
        row.reported_date == date(2024, 4, 21)
    ),
    "cost_from=1000,50": lambda row: row.claim_cost >= Decimal("1000.50"),
    "cost_from=1&cost_to=2 000.50": lambda row: 1 <= row.claim_cost <= Decimal("2000.50"),
    "policy=hö-1": lambda row: row.policy_number == "HÖ-1",
    "policy=HÖ-1&cause=water": lambda row: (row.policy_number, row.cause) == ("HÖ-1", "water"),
    "policy=unknown": lambda row: False,
    "text=hö-": lambda row: row.policy_number == "HÖ-1",
    "text=Å": lambda row: row.claim_reference.startswith("Å"),
    "text=kOM": lambda row: "kom" in row.description,
    "text=älgen": lambda row: "ÄLGEN" in row.description,
    "text=LÄCKA": lambda row: "Läcka" in row.description,
    "text=i örebro": lambda row: "ÖREBRO" in row.description,
    "text=0%": lambda row: "100%" in row.description,
    "text=%": lambda row: "%" in row.description or "%" in (row.policy_number or ""),
    "text=_": lambda row: "_" in row.description,
    "text=b\\c": lambda row: "b\\c" in row.description,
}

POLICY_COLUMNS = {"policy_number", "line_of_business", "coverage"}


@pytest.fixture
def varied(rolled_back):
    return varied_claims()


def claim_filter(query: str, **more) -> ClaimFilter:
    return ClaimFilter.from_parameters(MultiDict([*parse_qsl(query), *more.items()]))


def as_at(valuation: Valuation | None) -> dict[str, str]:
    return {"as_at": str(valuation.day), "basis": valuation.basis} if valuation else {}


def test_every_filter_selects_the_matching_rows_now_and_as_at(varied):
    # Takes seconds: some four hundred different statements.
    for valuation in VALUATIONS:
        every = list(db.session.execute(claim_rows(valuation).order_by(Claim.id.desc())))
        assert len(every) > 5
        for query, matches in MATCHES.items():
            wanted = claim_filter(query, **as_at(valuation))
            file_ids = [row.claim_id for row in db.session.execute(wanted.rows())]
            listing = wanted.listing()
            ids, _ = listing.adjacent_ids(None)

            assert file_ids == [row.claim_id for row in every if matches(row)], (query, valuation)
            assert ids == file_ids, (query, valuation)
            assert listing.count().rows == len(file_ids), (query, valuation)


def test_each_filter_matches_some_rows_of_the_varied_book_and_not_others(varied):
    every = list(db.session.execute(claim_rows()))

    shares = {query: sum(map(bool, map(matches, every))) for query, matches in MATCHES.items()}

    none_today = {"policy=unknown", "line_of_business=motor", "event_code=storm-1"}
    assert {query for query, share in shares.items() if not share} == none_today
    assert max(shares.values()) < len(every)
    assert {row.status for row in every} == set(Status)
    assert {row.coverage for row in every} == set(Coverage)


@pytest.mark.parametrize("valuation", VALUATIONS, ids=VALUATION_IDS)
@pytest.mark.parametrize("with_policy", [True, False])
def test_rows_have_the_same_columns_and_types_now_and_as_at(rolled_back, valuation, with_policy):
    now = [(c.name, type(c.type)) for c in claim_rows(with_policy=with_policy).selected_columns]
    rows = claim_rows(valuation, with_policy=with_policy)

    assert [(c.name, type(c.type)) for c in rows.selected_columns] == now


def test_rows_without_policies_lack_only_the_policy_columns(varied):
    for valuation in VALUATIONS:
        whole, bare = claim_rows(valuation), claim_rows(valuation, with_policy=False)
        names = bare.selected_columns.keys()
        narrowed = whole.with_only_columns(*(whole.selected_columns[name] for name in names))
        without, with_policies = (
            list(db.session.execute(rows.order_by(Claim.id))) for rows in (bare, narrowed)
        )

        assert set(whole.selected_columns.keys()) - set(names) == POLICY_COLUMNS
        assert without == with_policies
        assert len(without) > 5


REFUSED = {
    "stat=open": "There is no parameter “stat”. The parameters are as_at, basis, cause",
    "status=lost": "Status: “lost” is not one of open, reopened, closed, declined.",
    "cause=x": "Cause: “x” is not one of collision",
    "line_of_business=x": "Line of business: “x” is not one of motor",
    "coverage=x": "Coverage: “x” is not one of in_force",
    "loss_from=2024": "Loss from: “2024” is not a date",
    "loss_to=2024-02-30": "is not a date",
    "reported_from=x": "is not a date",
    "reported_to=x": "is not a date",
    "cost_from=1,234": "Cost from: “1,234” can be 1234 or",
    "cost_to=NaN": "is not an amount",
    "event_code=a%3Fb": "Event code: A reference cannot contain any of",
    "policy=a%3Fb": "Policy: A reference cannot contain any of",
    f"text={'x' * 101}": "A search can have at most 100 characters",
    "text=a%00b": "cannot be stored",
    "sort=nothing": "“nothing” is not one of recorded, claim_reference",
    "sort=--paid": "“--paid” is not one of",
    "sort=description": "“description” is not one of",
    "as_at=soon": "As at: “soon” is not a date",
    "as_at=2999-01-01": "2999-01-01 is in the future",
    "as_at=2024-01-01&basis=x": "Basis: “x” is not one of known, booked.",
    "basis=known": "give as_at too",
    "loss_from=2024-01-01&loss_from=2024-01-02": "Loss from is given more than once",
}


@pytest.mark.parametrize("query", REFUSED)
def test_an_invalid_parameter_is_refused_with_the_valid_ones(rolled_back, query):
    with pytest.raises(FilterError) as refusal:
        claim_filter(query)

    assert REFUSED[query] in str(refusal.value)
    assert refusal.value.status == 400


def test_equal_filters_have_the_same_query_string_which_parses_back(rolled_back):
    wanted = claim_filter(
        "text= Å  b &cause=water&cause=fire&cause=water&status=&cost_from=1 000,5&sort=-recorded"
        "&basis=known&as_at=2024-01-31&loss_to=2024-01-01"
    )

    query = urlencode(wanted.parameters(), doseq=True)
    assert query == (
        "as_at=2024-01-31&cause=fire&cause=water&cost_from=1000.50&loss_to=2024-01-01&text=%C3%85+b"
    )
    assert claim_filter(query) == wanted
    assert ClaimFilter().parameters() == {}
    assert wanted.valuation == Valuation(date(2024, 1, 31), Basis.KNOWN)
    assert (wanted.cause, wanted.status) == ((Cause.FIRE, Cause.WATER), ())


def test_parameters_named_as_besides_are_ignored(rolled_back):
    parameters = MultiDict([("format", "csv"), ("status", "open")])

    assert ClaimFilter.from_parameters(parameters, ignored=("format",)) == ClaimFilter(
        status=(Status.OPEN,)
    )


def test_a_search_ignores_the_case_of_letters_beyond_ascii(rolled_back):
    for text in ("ÅÄÖÉÜÆØ", "åäöéüæø", "Straße", "ΑΒΓ", "İ", "ẞ"):
        make_claim(description=f"x {text} y")

    def descriptions(text: str) -> list[str]:
        return [row.description for row in db.session.execute(claim_filter(f"text={text}").rows())]

    assert descriptions("åäöÉÜæØ") == ["x åäöéüæø y", "x ÅÄÖÉÜÆØ y"]
    assert descriptions("STRAßE") == descriptions("straße") == ["x Straße y"]
    assert descriptions("αβγ") == ["x ΑΒΓ y"]
    assert descriptions("İ") == ["x İ y"]
    assert descriptions("ẞ") == ["x ẞ y", "x Straße y"]


def test_a_filter_by_policy_facts_uses_those_known_at_the_date(varied):
    sold = LineOfBusiness.MOTOR
    date_parameter = {"as_at": "2024-06-09"}

    known = list(
        db.session.execute(claim_filter("line_of_business=motor", **date_parameter).rows())
    )
    today = list(
        db.session.execute(
            claim_filter("line_of_business=motor", basis="booked", **date_parameter).rows()
        )
    )

    assert known
    assert {row.line_of_business for row in known} == {sold}
    assert today == []


def test_a_list_joins_policies_only_when_a_filter_needs_them(rolled_back):
    make_claim(policy=make_policy())

    plain = str(claim_filter("status=open&sort=paid").listing().selected)
    joined = str(claim_filter("coverage=in_force").listing().selected)

    assert "policies" not in plain
    assert "JOIN policies" in joined
    assert db.session.scalars(select(Claim.id)).one()
