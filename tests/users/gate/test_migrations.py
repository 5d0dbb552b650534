"""A migration is an administrator's alone, in a browser; other imports are a handler's."""

from io import BytesIO

import pytest

from flaskr.users.models import Role, Scope
from tests.imports.importing import GOLDEN
from tests.imports.uploading import (
    claim_count,
    form_of,
    load,
    migrate,
    page_text,
    read_again,
    take_step,
    upload,
)
from tests.users.people import post, signed_in_client, token_headers

FILES = [(path.name, path.read_bytes()) for path in GOLDEN]
COSTS = ("a.csv", "claim;cost\nA-1;1\n")


@pytest.fixture
def administrator(signed_in_app):
    return signed_in_client(signed_in_app, Role.ADMINISTRATOR)


@pytest.fixture
def handler(signed_in_app):
    return signed_in_client(signed_in_app, Role.HANDLER)


def test_an_administrator_migrates_and_imports_nothing_else(signed_in_app, administrator):
    page = administrator.get("/import_claims").text
    refused = upload(administrator, COSTS)

    loaded = load(administrator, migrate(administrator, *FILES))

    assert "Migration from an older system" in page
    assert "Claims or policies as they are today (one file)" not in page
    assert refused.status_code == 403
    assert "Your role may only send migrations." in page_text(refused)
    assert loaded.status_code == 200, page_text(loaded)
    assert claim_count(signed_in_app) > 0


def test_a_handler_imports_and_does_not_migrate(signed_in_app, handler):
    page = handler.get("/import_claims").text
    refused = migrate(handler, *FILES)
    dry_run = upload(handler, COSTS)
    switched = read_again(handler, dry_run, migration="yes")

    loaded = load(handler, dry_run)

    assert "Migration from an older system" not in page
    assert "Migration from an older system" not in dry_run.text
    assert (refused.status_code, switched.status_code) == (403, 403)
    assert "Only an administrator can send a migration" in page_text(refused)
    assert loaded.status_code == 200, page_text(loaded)
    assert claim_count(signed_in_app) == 1


def test_each_role_works_on_its_own_kind_of_import(signed_in_app, administrator, handler):
    migration = migrate(administrator, *FILES)
    costs = upload(handler, COSTS)

    for client, page in ((handler, migration), (administrator, costs)):
        address = page.request.path
        token = "/account"  # noqa: S105 - the page with a CSRF token
        assert client.get(address).status_code == 403
        assert client.get(f"{address}/refused/0.csv").status_code == 403
        for step in ("read", "load", "drop"):
            assert post(client, f"{address}/{step}", page=token).status_code == 403
        assert address not in client.get("/imports").text
    assert claim_count(signed_in_app) == 0
    assert take_step(administrator, migration, "drop").status_code == 200
    assert form_of(costs, "load")


@pytest.mark.parametrize("role", [Role.HANDLER, Role.ADMINISTRATOR])
@pytest.mark.parametrize("scope", [Scope.READ, Scope.WRITE])
def test_no_token_migrates(signed_in_app, administrator, role, scope):
    headers = token_headers(signed_in_app, role, scope)
    waiting = migrate(administrator, *FILES)
    client = signed_in_app.test_client()
    form = {"kind": "migration", "files": [(BytesIO(content), name) for name, content in FILES]}

    sent = client.post("/import_claims", data=form, headers=headers)
    loaded = client.post(f"{waiting.request.path}/load", headers=headers)

    assert (sent.status_code, loaded.status_code) == (403, 403)
    if scope is Scope.WRITE:
        assert "A token cannot send a migration." in page_text(sent)
        assert "A token cannot send a migration." in page_text(loaded)
    assert claim_count(signed_in_app) == 0
