from flaskr.extensions import db
from tests.browsing import send
from tests.factories import make_claim, make_policy, pay, reserve


def test_the_front_page_adds_the_book_up_and_follows_it(app, client):
    with app.app_context():
        claim = make_claim(claim_reference="W-1", policy=make_policy())
        reserve(claim, "1000.00")
        pay(claim, "300.00")
        db.session.commit()
    before = client.get("/").text
    send(client, "/claims/W-1/pay", amount="50", transaction_date="2024-04-02")
    after = client.get("/").text

    assert "5\u202f000.00" in before
    assert ">300.00<" in before
    assert ">700.00<" in before
    assert ">350.00<" in after
    assert ">650.00<" in after


def test_the_front_page_leads_to_everything(client):
    page = client.get("/").text

    for address in (
        "/claims",
        "/claims/new",
        "/policies",
        "/policies/new",
        "/generate_random_claim",
        "/export_claims?format=csv",
        "/export_claims?format=xlsx",
        "/export_claims?format=parquet",
        "/export_ledger?format=parquet",
        "/export_policies?format=xlsx",
        "/export_revisions?format=parquet",
        "/dictionary",
    ):
        assert f'href="{address}"' in page


def test_a_number_finds_its_claim_or_its_policy(app, client):
    with app.app_context():
        make_claim(claim_reference="SK-Ö1", policy=make_policy(policy_number="H 1"))
        db.session.commit()

    assert client.get("/find?number=sk-ö1 ").location.endswith("/claims/SK-%C3%961")
    assert client.get("/find?number=h 1").location.endswith("/policies/H%201")
    assert client.get("/find?number=nothing").status_code == 404
    assert "no claim or policy “nothing”" in client.get("/find?number=nothing").text
    assert client.get("/find?number=%00").status_code == 404
