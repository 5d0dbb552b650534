import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import joinedload

from flaskr.claims.check.services import disagreements
from flaskr.claims.models import Claim
from flaskr.claims.queries import entries_of
from flaskr.demo.profiles import PROFILES
from flaskr.demo.random_claim import (
    PROFILES_BY_LINE,
    random_cost,
    random_policy_in_force,
    record_random_claim,
    swedish_faker,
)
from flaskr.extensions import db
from flaskr.facts.closed_lists import Coverage, EntryType
from flaskr.values.calendar import today
from tests.books import highest_ids
from tests.factories import make_policy

ADDRESS = "/generate_random_claim"


@pytest.fixture
def fake():
    fake = swedish_faker()
    fake.seed_instance(11)
    return fake


def all_claims() -> list[Claim]:
    claims = select(Claim).options(joinedload(Claim.policy)).order_by(Claim.id)
    return list(db.session.scalars(claims))


def test_random_claims_are_plausible_and_keep_the_rules(rolled_back, fake):
    day = today()

    for _ in range(40):
        record_random_claim(fake, actor="open")

    for claim in all_claims():
        assert claim.coverage == Coverage.IN_FORCE
        assert claim.loss_date <= claim.reported_date <= day
        assert claim.cause in PROFILES_BY_LINE[claim.policy.line_of_business].causes
        opening, *payments = entries_of(claim)
        assert (opening.entry_type, opening.transaction_date) == (
            EntryType.RESERVE_OPEN,
            claim.reported_date,
        )
        assert {entry.entry_type for entry in payments} <= {EntryType.PAYMENT}
        assert all(entry.transaction_date <= day for entry in payments)
    assert not list(disagreements())


def test_random_claims_are_on_policies_in_force_or_on_new_ones(rolled_back, fake):
    day = today()
    make_policy(inception_date=day - timedelta(days=400), expiry_date=day + timedelta(days=1))
    make_policy(inception_date=day - timedelta(days=900), expiry_date=day - timedelta(days=500))

    made = [record_random_claim(fake, actor="open") for _ in range(20)]

    numbers = {claim.policy.policy_number for claim in made}
    assert len(numbers) > 1
    assert sum(number.startswith("H-") for number in numbers) == 1


def test_policyholders_have_swedish_names_and_costs_a_heavy_tail(fake):
    costs = sorted(random_cost(PROFILES[0], fake.random) for _ in range(4000))

    assert costs[0] >= 100
    assert costs[-1] > 20 * costs[2000]
    assert 0.8 < costs[2000] / (100 * PROFILES[0].severity) < 1.25
    assert " " in fake.name()


def test_a_policy_in_force_is_found_among_many_without_reading_them_all(rolled_back, fake):
    day = date(2024, 6, 1)
    for _ in range(3):
        make_policy(inception_date=date(2020, 1, 1), expiry_date=date(2021, 1, 1))
    newest = make_policy(inception_date=date(2024, 1, 1), expiry_date=date(2025, 1, 1))
    statements: list[str] = []
    listen = (db.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    event.listen(*listen)

    found = random_policy_in_force(day, fake.random)
    event.remove(*listen)

    assert found is newest
    assert random_policy_in_force(date(2030, 1, 1), fake.random) is None
    assert "BETWEEN" in statements[-1]


def test_a_visit_creates_one_claim_and_reports_it(client, session):
    answer = client.get(ADDRESS)
    page = client.get(answer.headers["Location"]).text

    claim = session.scalar(select(Claim))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/claims")
    assert answer.headers["Cache-Control"] == "no-store"
    assert highest_ids()[1:3] == (1, 1)
    assert f'href="/claims/{claim.claim_reference}">{claim.claim_reference}</a>.' in page
    assert (claim.recorded_by, claim.outstanding + claim.paid > Decimal("0.00")) == ("open", True)


def test_the_newest_random_claim_stands_first(client, session):
    for _ in range(3):
        client.get(ADDRESS + "/")

    page = client.get("/claims").text.split("<tbody", 1)[1]  # and reads as before
    places = [page.index(claim.claim_reference) for claim in all_claims()]
    assert len(places) == 3
    assert places == sorted(places, reverse=True)


def test_a_head_request_creates_nothing(shared_app, rolled_back):
    answer = shared_app.test_client().head(ADDRESS)

    assert (answer.status_code, answer.headers["Cache-Control"]) == (303, "no-store")
    assert not any(highest_ids())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Purpose", "prefetch"),
        ("X-Moz", "prefetch"),
    ],
)
def test_a_prefetch_creates_nothing(shared_app, rolled_back, name, value):
    answer = shared_app.test_client().get(ADDRESS, headers={name: value})

    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")
    assert not any(highest_ids())


def test_a_request_from_another_site_creates_nothing(client, session):
    for method in (client.get, client.head):
        answer = method(ADDRESS, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
    assert not any(highest_ids())


def test_the_book_and_the_address_bar_may_create_a_random_claim(client, session):
    for site in ("same-origin", "none"):
        assert client.get(ADDRESS, headers={"Sec-Fetch-Site": site}).status_code == 303
    assert highest_ids()[1] == 2


def test_a_random_claim_is_not_created_by_post(client):
    assert client.post(ADDRESS).status_code in (400, 405)


def test_a_random_claim_on_a_filled_book_is_quick(client, runner, session):
    runner.invoke(args=["demo", "fill", "--policies", "2000", "--claims", "0"])
    client.get(ADDRESS)

    start = time.perf_counter()
    for _ in range(5):
        assert client.get(ADDRESS).status_code == 303

    assert (time.perf_counter() - start) / 5 < 0.5
